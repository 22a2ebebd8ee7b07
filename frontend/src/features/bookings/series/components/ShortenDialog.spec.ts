import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { seriesApi } from '@/features/bookings/series/api'
import { ApiError } from '@/shared/api/errors'
import type { Booking } from '@/shared/api/types'
import { displayTimezone } from '@/shared/browser/preferences'
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
  it.each([
    ['en', 'Local time of the parking lot: Europe/Berlin'],
    ['de', 'Ortszeit des Parkplatzes: Europe/Berlin'],
  ] as const)('names the zone of the field where it is another one, %s', async (locale, hint) => {
    await setLocale(locale)
    expect(dialog().text()).toContain(hint)
    expect(
      dialog({ ...BOOKING, lot_timezone: displayTimezone.value })
        .find('.form-text')
        .exists(),
    ).toBe(false)
  })

  it('chooses a step, and then the button says the new end and price', async () => {
    const end = '2030-03-05T10:00:00Z'
    shorten.mockResolvedValue({ booking: { ...BOOKING, reserved_end: end, total_cost: 4 } })
    const wrapper = dialog()
    const steps = () => wrapper.findAll('.pw-shorten button')
    expect(steps().map((one) => one.text().replace(/\s+/g, ' '))[2]).toMatch(
      /2 hrs? earlier.*€4\.00$/,
    )
    await steps()[2]!.trigger('click')
    expect(shorten).not.toHaveBeenCalled()
    expect(steps().map((one) => one.attributes('aria-pressed'))).toEqual(['false', 'false', 'true'])
    expect(wrapper.get<HTMLInputElement>('input').element.value).toBe('2030-03-05T11:00')
    expect(wrapper.get('[type=submit]').text()).toMatch(/^End at 11:00.* · €4\.00$/)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(shorten).toHaveBeenCalledWith(3, end)
    expect(wrapper.emitted('update:open')).toEqual([[false]])
    expect(currentToast.value?.text).toContain('It costs €4.00.')
  })

  it('takes a time of one’s own in the clock of the lot; a refusal gets the focus', async () => {
    shorten.mockRejectedValue(new ApiError(409, 'not_earlier', 'Your booking ends then.'))
    const wrapper = dialog()
    const input = wrapper.get<HTMLInputElement>('input')
    expect(input.element.value).toBe('2030-03-05T13:00')
    await input.setValue('2030-03-05T11:45')
    expect(wrapper.get('[type=submit]').text()).toMatch(/^End at 11:45.* · €5\.50$/)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(shorten).toHaveBeenCalledWith(3, '2030-03-05T10:45:00Z')
    const alert = wrapper.get('[role=alert]')
    expect(alert.text()).toContain('Your booking ends then.')
    expect(document.activeElement).toBe(alert.element)
    expect(wrapper.emitted('update:open')).toBeUndefined()
  })

  it('does not ask for an end that is not earlier', async () => {
    const wrapper = dialog()
    await wrapper.get('form').trigger('submit')
    expect(wrapper.text()).toMatch(/Choose a time before .*01:00 PM/)
    await wrapper.get('input').setValue('2030-03-05T09:00')
    expect(wrapper.text()).toMatch(/Choose a time after .*09:00 AM/)
    expect(shorten).not.toHaveBeenCalled()
  })
})
