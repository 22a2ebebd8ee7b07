import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale } from '@/shared/format/i18n'
import PagedList from './PagedList.vue'

const EMPTY = {
  items: [] as number[],
  pending: false,
  error: null as unknown,
  more: false,
  fetchingMore: false,
}

function list(state: Partial<typeof EMPTY>, filtered = false) {
  return mount(PagedList<number>, {
    props: {
      list: { ...EMPTY, ...state },
      filtered,
      emptyTitle: 'No bookings yet',
      noneTitle: 'No bookings match',
      allLabel: 'Show all',
    },
    slots: { default: '<p>rows</p>' },
    global: { plugins: [i18n] },
  })
}

beforeEach(() => setLocale('en'))

describe('a paged list', () => {
  it('shows that it loads', () => {
    expect(list({ pending: true }).get('[role=status]').text()).toBe('Loading …')
  })

  it('shows an error while there is nothing else, and tries again', async () => {
    const wrapper = list({ error: new ApiError(503, 'unavailable', '') })
    await wrapper.get('button').trigger('click')
    expect(wrapper.emitted('retry')).toHaveLength(1)
  })

  it('keeps its rows when the next page could not be loaded', () => {
    expect(list({ items: [1], error: new ApiError(503, 'unavailable', '') }).text()).toBe('rows')
  })

  it('tells an empty list from filters that match nothing', async () => {
    expect(list({}).text()).toBe('No bookings yet')
    const wrapper = list({}, true)
    expect(wrapper.text()).toContain('No bookings match')
    await wrapper.get('button').trigger('click')
    expect(wrapper.emitted('clear')).toHaveLength(1)
  })

  it('asks for the next page where there is one', async () => {
    expect(
      list({ items: [1] })
        .find('button')
        .exists(),
    ).toBe(false)
    const wrapper = list({ items: [1], more: true })
    await wrapper.get('button').trigger('click')
    expect(wrapper.emitted('more')).toHaveLength(1)
  })
})
