import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { adminBookingsApi } from '@/features/bookings/admin/api'
import type { AdminBooking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import AdminBookingTable from './AdminBookingTable.vue'
import ListTotals from './ListTotals.vue'

const LONG = 'a.person.with-a-very-long-name@a-department.of-a-company.example.com'
const booking = (fields: Partial<AdminBooking> = {}) =>
  ({
    id: 6,
    reference: 'H7K2-M4QX',
    lot_id: 7,
    lot_name: 'Harbour',
    lot_timezone: 'UTC',
    spot_number: 1,
    booking_type: 'instant',
    status: 'Completed',
    user_id: 3,
    username: 'alice',
    user_email: LONG,
    visitor_name: null,
    start_time: '2026-03-02T10:00:00Z',
    end_time: '2026-03-02T11:00:00Z',
    held_until: null,
    reserved_start: null,
    reserved_end: null,
    total_cost: 4.5,
    currency: 'EUR',
    tariff: {
      price_per_hour: 2,
      billing_step_seconds: 1,
      free_minutes: 0,
      daily_cap: null,
      cap_day: 'rolling',
    },
    ...fields,
  }) as unknown as AdminBooking

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-03-02T12:00:00Z'), toFake: ['Date'] })
  await setLocale('en')
  await useTexts('app', 'features/bookings/admin', 'features/bookings/history')
})
afterEach(() => vi.useRealTimers())

describe('everyone’s bookings', () => {
  /** The text of a row's cells by the heading of their column. */
  function cells(one: AdminBooking): Record<string, string> {
    const table = mount(AdminBookingTable, {
      props: { bookings: [one], sort: { key: 'when', descending: true } },
      global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
    })
    const headings = table.findAll('thead th').map((one) => one.text().split('\n')[0]!)
    const row = table.findAll('tbody tr > *').map((one) => one.text())
    return Object.fromEntries(headings.map((heading, at) => [heading, row[at]!]))
  }

  it('have their cost: the final one, or what it comes to by now', () => {
    expect(cells(booking()).Total).toBe('€4.50')
    const running = { status: 'Active', end_time: null, held_until: '2026-03-02T14:00:00Z' }
    expect(cells(booking({ ...running, total_cost: 0 } as never)).Total).toBe('€4.00')
  })

  it('have the whole address of their driver', () => {
    expect(cells(booking()).Email).toBe(LONG)
  })
})

describe('what a list comes to', () => {
  async function text(params: Record<string, string>) {
    const totals = { count: 2, people: 1, total_cost: 9, currency: 'EUR', seconds: 7200 }
    vi.spyOn(adminBookingsApi, 'totals').mockResolvedValue(totals as never)
    const line = mount(ListTotals, {
      props: { params },
      global: { plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]] },
    })
    await flushPromises()
    return line.text()
  }

  it('stands above it on all its pages, where it is narrow enough to add up', async () => {
    expect(await text({ lot_id: '7' })).toBe('2 bookings · 1 driver · €9.00 total')
    expect(adminBookingsApi.totals).toHaveBeenCalledWith({ lot_id: '7' })
    expect(await text({ status: 'Completed' })).toBe('')
  })
})
