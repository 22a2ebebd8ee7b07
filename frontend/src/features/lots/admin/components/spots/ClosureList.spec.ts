import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { h, ref } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import type { Spot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { adminLotsApi } from '@/features/lots/admin/api'
import { closuresOf, type Closure } from '@/features/lots/admin/closures'
import ClosureList from './ClosureList.vue'

const closure = (id: number, start: string, more: Partial<Closure> = {}): Closure => ({
  id,
  start,
  end: null,
  reason: null,
  state: 'planned',
  ...more,
})
const spots = [
  {
    id: 7,
    spot_number: 17,
    closures: [
      closure(1, '2026-12-24T00:00:00Z', { end: '2026-12-27T00:00:00Z', reason: 'Drain' }),
      closure(3, '2026-12-30T00:00:00Z'),
    ],
  },
  {
    id: 8,
    spot_number: 18,
    closures: [closure(2, '2026-12-01T00:00:00Z', { state: 'waiting' })],
  },
] as unknown as Spot[]

const list = () =>
  mount(ClosureList, {
    props: { closures: closuresOf(spots), timezone: 'UTC', mayWithdraw: true, withSpot: true },
    global: { plugins: [i18n, VueQueryPlugin] },
    attachTo: document.body,
  })

beforeEach(async () => {
  vi.restoreAllMocks()
  document.body.innerHTML = ''
  await setLocale('en')
  await useTexts('features/lots/admin')
})

describe('the closures of a lot', () => {
  it('stand in the order in which they begin, with their spot, time and reason', () => {
    const [first, second, third] = list()
      .findAll('li')
      .map((one) => one.text())
    expect(first).toContain('Spot 18')
    expect(first).toContain('A car is still there')
    expect(second).toContain('Drain')
    expect(third).toContain('until further notice')
  })

  it('are withdrawn one by one, and the focus stays with the list', async () => {
    const withdraw = vi.spyOn(adminLotsApi, 'withdrawClosure').mockResolvedValue(spots[0]!)
    const wrapper = list()
    await wrapper.findAll('button').at(1)!.trigger('click')
    await flushPromises()
    expect(withdraw).toHaveBeenCalledWith(7, 1)
    expect(document.activeElement).toBe(wrapper.element)
  })

  it('leave the focus where they stood when the last one is withdrawn', async () => {
    const withdraw = vi.spyOn(adminLotsApi, 'withdrawClosure').mockResolvedValue(spots[1]!)
    const left = ref(closuresOf([spots[1]!]))
    const view = () =>
      h(
        'section',
        { tabindex: -1 },
        left.value.length
          ? h(ClosureList, { closures: left.value, timezone: 'UTC', mayWithdraw: true })
          : [],
      )
    const wrapper = mount(view, {
      global: { plugins: [i18n, VueQueryPlugin] },
      attachTo: document.body,
    })
    await wrapper.get('button').trigger('click')
    await flushPromises()
    expect(withdraw).toHaveBeenCalledOnce()
    left.value = []
    await flushPromises()
    expect(document.activeElement).toBe(wrapper.element)
  })

  it('do not repeat the day of a span within one', () => {
    const within = closure(1, '2026-12-24T08:00:00Z', { end: '2026-12-24T10:00:00Z' })
    const [only] = closuresOf([{ ...spots[0]!, closures: [within] }])
    const wrapper = mount(ClosureList, {
      props: { closures: [only!], timezone: 'UTC', mayWithdraw: false },
      global: { plugins: [i18n, VueQueryPlugin] },
    })
    expect(wrapper.get('li').text().match(/24/g)).toHaveLength(1)
    expect(wrapper.get('.badge').classes()).toContain('badge-reserved')
  })

  it('say when one could not be withdrawn', async () => {
    vi.spyOn(adminLotsApi, 'withdrawClosure').mockRejectedValue(
      new ApiError(404, 'not_found', 'There is no such closure.'),
    )
    const wrapper = list()
    await wrapper.get('button').trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).not.toBe('')
  })
})
