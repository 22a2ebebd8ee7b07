import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale } from '@/shared/format/i18n'
import PagedList from './PagedList.vue'
import { usePaged } from './usePaged'

const EMPTY = {
  items: [] as number[],
  pending: false,
  error: null as unknown,
  more: false,
  fetchingMore: false,
  moreFailed: false,
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

  it('keeps its rows when they could not be loaded again', () => {
    expect(list({ items: [1], error: new ApiError(503, 'unavailable', '') }).text()).toBe('rows')
  })

  it.each([
    ['en', 'The service is busy or restarting'],
    ['de', 'Der Dienst ist ausgelastet'],
  ] as const)(
    'says why the next page did not come, and asks for it again, %s',
    async (lang, text) => {
      await setLocale(lang)
      const error = new ApiError(503, 'unavailable', '')
      const wrapper = list({ items: [1], error, more: true, moreFailed: true })
      expect(wrapper.get('[role=alert]').text()).toContain(text)
      expect(wrapper.text()).toContain('rows')
      await wrapper.get('button').trigger('click')
      expect(wrapper.emitted('more')).toHaveLength(1)
    },
  )

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

describe('its pages', () => {
  it('tells that the next page failed, and forgets it when it comes', async () => {
    const fetchPage = vi.fn()
    fetchPage.mockResolvedValueOnce({ next: 'b', rows: [1] })
    let paged!: ReturnType<typeof usePaged<{ next: string | null; rows: number[] }, number, object>>
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
    mount(
      {
        setup() {
          paged = usePaged({ key: ['rows'], filters: {}, fetchPage, items: (page) => page.rows })
          return () => null
        },
      },
      { global: { plugins: [[VueQueryPlugin, { queryClient: client }]] } },
    )
    await flushPromises()
    fetchPage.mockRejectedValueOnce(new Error('no network'))
    await paged.fetchMore()
    expect([paged.list.moreFailed, paged.list.items]).toEqual([true, [1]])
    fetchPage.mockResolvedValueOnce({ next: null, rows: [2] })
    await paged.fetchMore()
    expect([paged.list.moreFailed, paged.list.items]).toEqual([false, [1, 2]])
  })
})
