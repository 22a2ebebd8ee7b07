import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { accountsApi } from '@/features/accounts/api'
import { visitorsApi, type VisitorBooking } from '@/features/visitors/api'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import VisitPage from './VisitPage.vue'

const router = () =>
  createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', name: 'home', component: { template: '<p />' } }],
  })
const global = () => ({
  plugins: [
    i18n,
    router(),
    [
      VueQueryPlugin,
      { queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) },
    ],
  ] as never,
})

beforeEach(async () => {
  vi.spyOn(accountsApi, 'site').mockResolvedValue({
    site_name: 'Parkwell',
    operator_name: 'City of Dover',
  } as never)
  document.body.innerHTML = ''
  await setLocale('en')
  await useTexts('features/visitors')
})

describe('the page of a visitor’s link', () => {
  const visit = (more: Partial<VisitorBooking> = {}): VisitorBooking => ({
    reference: 'K7QF-2M9X',
    visitor_name: 'Vera Visitor',
    lot_name: 'Harbour',
    lot_address: 'Quay 9',
    lot_timezone: 'Europe/Berlin',
    spot_number: 3,
    booking_type: 'reserved',
    status: 'Reserved',
    start_time: '2030-03-02T09:00:00Z',
    end_time: null,
    reserved_start: '2030-03-02T09:00:00Z',
    reserved_end: '2030-03-02T17:00:00Z',
    held_until: '2030-03-02T17:00:00Z',
    checkin_deadline: null,
    vehicle_plate: null,
    currency: 'EUR',
    tariff: {
      id: 1,
      price_per_hour: 2.5,
      billing_step_seconds: 60,
      free_minutes: 0,
      daily_cap: null,
      cap_day: 'calendar',
    },
    total_cost: 20,
    host_name: null,
    can_cancel: true,
    ...more,
  })

  async function page(token = 'a-token') {
    history.replaceState(null, '', '/visit')
    if (token) sessionStorage.setItem('pw-link:/visit', token)
    else sessionStorage.clear()
    const wrapper = mount(VisitPage, { global: global(), attachTo: document.body })
    await flushPromises()
    return wrapper
  }
  const press = (wrapper: Awaited<ReturnType<typeof page>>, text: string) =>
    wrapper
      .findAll('button')
      .find((one) => one.text() === text)!
      .trigger('click')

  it('shows the booking and cancels nothing by being opened', async () => {
    const [show, cancel] = [
      vi.spyOn(visitorsApi, 'show').mockResolvedValue(visit()),
      vi.spyOn(visitorsApi, 'cancel'),
    ]
    const wrapper = await page()
    expect(show).toHaveBeenCalledExactlyOnceWith('a-token')
    for (const text of ['Booked for Vera Visitor', 'Harbour', 'Quay 9', 'K7QF-2M9X', '3'])
      expect(wrapper.text()).toContain(text)
    await press(wrapper, 'Cancel the booking')
    expect(wrapper.text()).toContain('Cancel this booking?')
    expect(document.activeElement?.id).toBe('visit-question')
    await press(wrapper, 'Keep the booking')
    await flushPromises()
    expect(document.activeElement?.textContent).toContain('Cancel the booking')
    expect(cancel).not.toHaveBeenCalled()
  })

  it('cancels after a question, and says so where the focus is', async () => {
    vi.spyOn(visitorsApi, 'show').mockResolvedValue(visit())
    const cancelled = visit({ status: 'Cancelled', can_cancel: false })
    const cancel = vi.spyOn(visitorsApi, 'cancel').mockResolvedValue(cancelled)
    const wrapper = await page()
    await press(wrapper, 'Cancel the booking')
    await press(wrapper, 'Yes, cancel it')
    await flushPromises()
    expect(cancel).toHaveBeenCalledExactlyOnceWith('a-token')
    expect(wrapper.get('h1').text()).toBe('Your booking is cancelled')
    expect(wrapper.text()).toContain('The booking is cancelled.')
    expect(document.activeElement?.textContent).toContain('The booking is cancelled.')
  })

  it('says what it costs, who pays and who booked, and leads there', async () => {
    const show = vi.spyOn(visitorsApi, 'show').mockResolvedValue(visit({ host_name: 'Bob' }))
    const guest = await page()
    for (const text of ['Booked for Vera Visitor by Bob', '€20.00', 'Bob pays for it.'])
      expect(guest.text()).toContain(text)
    expect(guest.get('a[href^="geo:"]').text()).toBe('Directions')
    await press(guest, 'Cancel the booking')
    expect(guest.findAll('button').map((one) => one.classes())).toContainEqual(
      expect.arrayContaining(['btn-danger']),
    )
    show.mockResolvedValue(visit({ status: 'Active', total_cost: 0, can_cancel: false }))
    const visitor = await page()
    for (const text of ['by City of Dover', '€2.50/h', 'The staff of the lot tell you how to pay.'])
      expect(visitor.text()).toContain(text)
    show.mockResolvedValue(visit({ status: 'Cancelled', can_cancel: false }))
    const cancelled = await page()
    expect(cancelled.text()).not.toContain('how to pay')
    expect(cancelled.find('a[href^="geo:"]').exists()).toBe(false)
    expect(cancelled.get('a[href="/"]').text()).toBe('Go to Parkwell')
  })

  it('explains a refusal, and shows how it is now', async () => {
    const show = vi.spyOn(visitorsApi, 'show').mockResolvedValueOnce(visit())
    show.mockResolvedValue(visit({ status: 'Active', can_cancel: false }))
    vi.spyOn(visitorsApi, 'cancel').mockRejectedValue(new ApiError(409, 'already_started', 'No.'))
    const wrapper = await page()
    await press(wrapper, 'Cancel the booking')
    await press(wrapper, 'Yes, cancel it')
    await flushPromises()
    expect(wrapper.get('[role="alert"]').text()).toBe('This booking has already started.')
    expect(wrapper.text()).toContain('cannot be cancelled any more')
  })

  it.each([
    ['without a token', '', false],
    ['with a wrong one', 'guess', true],
  ])('says that the link does not work %s', async (_, token, requested) => {
    const show = vi
      .spyOn(visitorsApi, 'show')
      .mockRejectedValue(new ApiError(404, 'link_invalid', 'No longer.'))
    const wrapper = await page(token)
    expect(wrapper.text()).toContain('This link does not work')
    expect(show.mock.calls.length > 0).toBe(requested)
  })

  it('can be read in German', async () => {
    await setLocale('de')
    vi.spyOn(visitorsApi, 'show').mockResolvedValue(visit())
    const wrapper = await page()
    expect(wrapper.text()).toContain('Gebucht für Vera Visitor')
    expect(wrapper.text()).toContain('Buchung stornieren')
  })
})
