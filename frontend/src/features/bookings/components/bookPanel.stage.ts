import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import { bookingsApi } from '@/features/bookings/api'
import { lotsApi } from '@/features/lots/api'
import { waitlistApi } from '@/features/waitlist/api'
import { ApiError } from '@/shared/api/errors'
import type { Booking, Lot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import BookPanel from './BookPanel.vue'

export const lot = (values: Partial<Lot> = {}) =>
  ({
    id: 7,
    version: 1,
    name: 'Harbour',
    timezone: 'Europe/Berlin',
    price_per_hour: 2.5,
    currency: 'EUR',
    available_spots: 3,
    capacity: 10,
    instant_hold_minutes: 240,
    require_checkin: false,
    checkin_grace_minutes: 15,
    features: { accessible: 0, ev: 0, covered: 0 },
    tariff: {
      price_per_hour: 2.5,
      billing_step_seconds: 900,
      free_minutes: 0,
      daily_cap: 18,
      cap_day: 'rolling',
    },
    ...values,
  }) as Lot
export const WINDOW = { from: '2030-03-02T09:00', to: '2030-03-02T17:00' }
export const refuse = (code: string, body: object) =>
  new ApiError(409, code, 'No.', {}, null, null, { ...body })

export async function panel(props: object = {}) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrapper = mount(BookPanel, {
    props: { lot: lot(), ...props },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: client }]],
      stubs: {
        RouterLink: RouterLinkStub,
        RepeatBooking: { template: '<p>repeats</p>', emits: ['update:modelValue'] },
      },
    },
  })
  await vi.dynamicImportSettled()
  await flushPromises()
  return wrapper
}
export type Panel = Awaited<ReturnType<typeof panel>>
export const button = (wrapper: Panel, text: string) =>
  wrapper.findAll('button').find((one) => one.text().includes(text))!

/** A panel in English beside an API that books whatever it is asked for. Returns the spy of that call. */
export async function prepare() {
  const book = vi.spyOn(bookingsApi, 'book')
  await setLocale('en')
  await useTexts('features/bookings/history', 'features/bookings/window', 'features/waitlist')
  vi.spyOn(waitlistApi, 'place').mockResolvedValue({ position: 3, entry_id: null })
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
  vi.spyOn(lotsApi, 'list').mockResolvedValue([])
  vi.spyOn(waitlistApi, 'list').mockResolvedValue({ entries: [], server_time: '' })
  vi.spyOn(bookingsApi, 'list').mockResolvedValue({ bookings: [] } as never)
  vi.spyOn(bookingsApi, 'quote').mockResolvedValue({ total_cost: 20, currency: 'EUR' } as never)
  vi.spyOn(lotsApi, 'availability').mockResolvedValue({
    available_spots: 4,
    capacity: 10,
  } as never)
  book.mockResolvedValue({ booking: { id: 1, lot_id: 7 } as Booking } as never)
  return book
}
