import { mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale } from '@/shared/format/i18n'
import SummaryCard from './SummaryCard.vue'

const booking = (values: Partial<Booking>) =>
  ({
    id: 5,
    status: 'Active',
    booking_type: 'instant',
    spot_number: 17,
    lot_name: 'Harbour',
    lot_timezone: 'UTC',
    currency: 'EUR',
    total_cost: null,
    start_time: '2026-03-02T09:00:00Z',
    held_until: '2026-03-02T13:00:00Z',
    end_time: null,
    reserved_start: null,
    reserved_end: null,
    tariff: {
      price_per_hour: 2,
      billing_step_seconds: 1,
      free_minutes: 0,
      daily_cap: null,
      cap_day: 'rolling',
    },
    actions: [],
    ...values,
  }) as unknown as Booking

function card(values: Partial<Booking>, link = false) {
  return mount(SummaryCard, {
    props: { booking: booking(values), link },
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })
}

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-03-02T11:00:00Z') })
  await setLocale('en')
})
afterEach(() => vi.useRealTimers())

describe('the summary card', () => {
  it('shows cost, time and the guaranteed time of an active booking', () => {
    const text = card({}).text()
    expect(text).toContain('17')
    expect(text).toContain('€4.00')
    expect(text).toContain('Guaranteed until')
    expect(text).toContain('01:00 PM')
  })

  it('counts on while it is shown', async () => {
    const wrapper = card({})
    await vi.advanceTimersByTimeAsync(30 * 60_000)
    expect(wrapper.get('[data-testid=running-cost]').text()).toBe('€5.00')
  })

  it('warns when the reserved time is over', () => {
    const over = { held_until: '2026-03-02T10:30:00Z' }
    expect(card({ ...over, booking_type: 'reserved' }).text()).toContain('continue to be charged')
    expect(card(over).text()).toContain('Was guaranteed until')
    expect(card(over).text()).not.toContain('continue to be charged')
  })

  it('shows how much of the guaranteed time is over', () => {
    const wrapper = card({})
    expect(wrapper.get('.progress-bar').attributes('style')).toContain('width: 50%')
    expect(wrapper.text()).toContain('2 hr left')
    const over = card({ held_until: '2026-03-02T10:30:00Z' })
    expect(over.get('.progress-bar').attributes('style')).toContain('width: 100%')
    expect(over.text()).not.toContain('left')
  })

  it('shows the window of a reservation, when it starts and its total', () => {
    const window = {
      status: 'Reserved' as const,
      start_time: '2026-03-02T12:00:00Z',
      reserved_start: '2026-03-02T12:00:00Z',
      reserved_end: '2026-03-02T14:00:00Z',
      total_cost: 4,
    }
    const text = card(window).text()
    expect(text).toContain('Starts in')
    expect(text).toContain('Total€4.00')
  })

  it('shows the total of a completed booking', () => {
    const end = { status: 'Completed' as const, end_time: '2026-03-02T10:00:00Z', total_cost: 2 }
    expect(card(end).text()).toContain('€2.00')
  })

  it('leads to the page of the booking where it is asked to', () => {
    expect(card({}, true).getComponent(RouterLinkStub).props('to')).toEqual({
      name: 'booking',
      params: { id: 5 },
    })
    expect(card({}).findComponent(RouterLinkStub).exists()).toBe(false)
  })
})
