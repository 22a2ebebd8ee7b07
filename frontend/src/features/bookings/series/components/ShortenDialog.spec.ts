import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { seriesApi } from '@/features/bookings/series/api'
import { ApiError } from '@/shared/api/errors'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { currentToast } from '@/shared/ui/toasts'
import ShortenDialog from './ShortenDialog.vue'

const BOOKING = {
  id: 3,
  lot_id: 7,
  status: 'Reserved',
  lot_timezone: 'Europe/Berlin',
  spot_number: 4,
  start_time: '2030-03-05T08:00:00Z',
  reserved_start: '2030-03-05T08:00:00Z',
  reserved_end: '2030-03-05T12:00:00Z',
  total_cost: 8,
  currency: 'EUR',
  tariff: {
    price_per_hour: 2,
    billing_step_seconds: 1,
    free_minutes: 0,
    daily_cap: null,
    cap_day: 'rolling',
  },
} as Booking

function dialog(booking: Booking = BOOKING) {
  return mount(ShortenDialog, {
    props: { open: true, booking },
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { teleport: true },
    },
  })
}

let shorten: MockInstance<typeof seriesApi.shorten>
beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2030-03-01T09:00:00Z'), toFake: ['Date'] })
  await setLocale('en')
  await useTexts('features/bookings/series')
  shorten = vi.spyOn(seriesApi, 'shorten')
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

describe('ending a reservation earlier', () => {
  it('is one tap on a step, which shows the new price', async () => {
    const end = '2030-03-05T10:00:00Z'
    shorten.mockResolvedValue({ booking: { ...BOOKING, reserved_end: end, total_cost: 4 } })
    const wrapper = dialog()
    const steps = wrapper.findAll('.pw-shorten button')
    expect(steps).toHaveLength(3)
    expect(steps[2]!.text()).toContain('€4.00 in total')
    await steps[2]!.trigger('click')
    await flushPromises()
    expect(shorten).toHaveBeenCalledWith(3, end)
    expect(wrapper.emitted('update:open')).toEqual([[false]])
    expect(currentToast.value?.text).toContain('It costs €4.00.')
  })

  it('takes a time of one’s own in the clock of the lot', async () => {
    shorten.mockRejectedValue(new ApiError(409, 'not_earlier', 'Your booking ends then.'))
    const wrapper = dialog()
    const input = wrapper.get<HTMLInputElement>('input')
    expect(input.element.value).toBe('2030-03-05T13:00')
    await input.setValue('2030-03-05T11:45')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(shorten).toHaveBeenCalledWith(3, '2030-03-05T11:45')
    expect(wrapper.get('[role=alert]').text()).toContain('Your booking ends then.')
    expect(wrapper.emitted('update:open')).toBeUndefined()
  })
})
