import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { createRouter, createMemoryHistory } from 'vue-router'
import { accountsApi } from '@/features/accounts/api'
import { useSession } from '@/features/accounts/session'
import { bookingsApi } from '@/features/bookings/api'
import { emailOf, hasHost, nameOf } from '@/features/bookings/admin/bookedFor'
import BookedFor from '@/features/bookings/admin/components/BookedFor.vue'
import { lotsApi } from '@/features/lots/api'
import { ApiError } from '@/shared/api/errors'
import type { Booking, Lot, Site, User } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { visitorsApi } from './api'
import GuestBooking from './components/GuestBooking.vue'
import VisitorDialog from './components/VisitorDialog.vue'

const tariff = {
  price_per_hour: 2.5,
  billing_step_seconds: 60,
  free_minutes: 0,
  daily_cap: null,
  cap_day: 'local',
}
const lot = {
  id: 7,
  name: 'Harbour',
  timezone: 'Europe/Berlin',
  currency: 'EUR',
  tariff,
  instant_hold_minutes: 60,
} as unknown as Lot
const booked = (more: Partial<Booking> = {}) =>
  ({
    id: 1,
    lot_id: 7,
    spot_number: 3,
    reference: 'K7QF-2M9X',
    lot_timezone: 'Europe/Berlin',
    visitor_name: 'Vera Visitor',
    visitor_email: null,
    vehicle_plate: null,
    reserved_start: null,
    reserved_end: null,
    status: 'Active',
    total_cost: 0,
    currency: 'EUR',
    tariff,
    ...more,
  }) as unknown as Booking

const router = () =>
  createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'home', component: { template: '<p />' } },
      { path: '/visit', name: 'visit', component: { template: '<p />' } },
      { path: '/bookings/:id', name: 'booking', component: { template: '<p />' } },
      { path: '/admin/users/:id', name: 'admin-user', component: { template: '<p />' } },
    ],
  })
const stub = {
  props: ['open', 'title'],
  template: '<section v-if="open"><h3>{{ title }}</h3><slot /></section>',
}
const global = () => ({
  plugins: [
    i18n,
    router(),
    [
      VueQueryPlugin,
      { queryClient: new QueryClient({ defaultOptions: { queries: { retry: false } } }) },
    ],
  ] as never,
  stubs: { AppDialog: stub },
})

const free = (available_spots: number, next_free: object | null = null) =>
  ({ available_spots, capacity: 4, next_free }) as never

let book: MockInstance<typeof visitorsApi.book>
beforeEach(async () => {
  document.body.innerHTML = ''
  await setLocale('en')
  await useTexts(
    'features/visitors',
    'features/bookings/window',
    'features/bookings/history',
    'features/bookings/admin',
  )
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as Site)
  vi.spyOn(bookingsApi, 'quote').mockResolvedValue({ total_cost: 5, currency: 'EUR' } as never)
  vi.spyOn(lotsApi, 'availability').mockResolvedValue(free(3))
  book = vi.spyOn(visitorsApi, 'book').mockResolvedValue({ booking: booked() } as never)
})

async function dialog(props: object = {}) {
  const wrapper = mount(VisitorDialog, {
    props: { lot, open: true, ...props },
    global: global(),
    attachTo: document.body,
  })
  await flushPromises()
  return wrapper
}
type Dialog = Awaited<ReturnType<typeof dialog>>
const button = (wrapper: Dialog, text: string) =>
  wrapper.findAll('button').find((one) => one.text() === text)!
async function send(wrapper: Dialog) {
  await wrapper.get('form').trigger('submit')
  await flushPromises()
}

describe('booking for a visitor', () => {
  it('needs a name alone, and shows spot and reference', async () => {
    const wrapper = await dialog()
    expect(wrapper.text()).toContain('Book for a visitor at Harbour')
    await wrapper.get('[name="name"]').setValue(' Vera Visitor ')
    await send(wrapper)
    expect(book.mock.calls[0]!.slice(0, 2)).toEqual([7, { name: 'Vera Visitor' }])
    expect(wrapper.text()).toContain('Spot 3 is booked for Vera Visitor.')
    expect(wrapper.text()).toContain('K7QF-2M9X')
    expect(wrapper.text()).not.toContain('The confirmation goes to')
    expect(document.activeElement).toBe(wrapper.get('.pw-visitor-done').element)
  })

  it('sends address, language and plate; the language is asked for with an address alone', async () => {
    book.mockResolvedValue({ booking: booked({ visitor_email: 'vera@example.org' }) } as never)
    const wrapper = await dialog()
    expect(wrapper.find('select').exists()).toBe(false)
    expect(wrapper.get('label[for*="email"]').text()).toBe('Email address (optional)')
    expect(wrapper.text()).toContain('They get the confirmation and a link to cancel.')
    await wrapper.get('[name="name"]').setValue('Vera')
    await wrapper.get('[name="email"]').setValue('vera@example.org ')
    await wrapper.get('[name="vehicle_plate"]').setValue('b ab 1')
    await wrapper.get('select').setValue('de')
    await send(wrapper)
    expect(book.mock.calls[0]![1]).toEqual({
      name: 'Vera',
      email: 'vera@example.org',
      locale: 'de',
      vehicle_plate: 'b ab 1',
    })
    expect(wrapper.text()).toContain('The confirmation goes to vera@example.org.')
  })

  it('promises no mail where none is sent', async () => {
    vi.mocked(accountsApi.site).mockResolvedValue({ mail_configured: false } as Site)
    book.mockResolvedValue({ booking: booked({ visitor_email: 'vera@example.org' }) } as never)
    const wrapper = await dialog()
    expect(wrapper.text()).not.toContain('confirmation')
    await wrapper.get('[name="name"]').setValue('Vera')
    await wrapper.get('[name="email"]').setValue('vera@example.org')
    expect(wrapper.find('select').exists()).toBe(false)
    await send(wrapper)
    expect(wrapper.text()).toContain('This site does not send email.')
  })

  it('says at the field what is missing, and sends nothing', async () => {
    const wrapper = await dialog()
    await button(wrapper, 'Reserve for later').trigger('click')
    await send(wrapper)
    expect(wrapper.get('[role="alert"]').text()).toMatch(
      /Enter the name of the person.*Choose from when to when/s,
    )
    expect(book).not.toHaveBeenCalled()
  })

  it('books the window that was chosen', async () => {
    const wrapper = await dialog()
    await wrapper.get('[name="name"]').setValue('Vera')
    await button(wrapper, 'Reserve for later').trigger('click')
    await wrapper.get('.pw-window button').trigger('click')
    await send(wrapper)
    const request = book.mock.calls[0]![1]
    expect(request.reserved_start && request.reserved_end).toBeTruthy()
  })

  it.each([
    ['lot_full', 409, {}, /No spot is free at the moment/],
    ['too_many_guests', 409, {}, /maximum number of open bookings for guests/],
    ['invalid', 422, { email: ['This email address cannot be used.'] }, /cannot be used/],
    ['invalid', 422, { reserved_start: ['This time is in the past.'] }, /in the past/],
  ])('shows a refusal (%s, %i) and keeps what was typed', async (code, status, fields, text) => {
    book.mockRejectedValue(new ApiError(status, code, 'Harbour is full.', fields))
    const wrapper = await dialog()
    await wrapper.get('[name="name"]').setValue('Vera')
    await send(wrapper)
    expect(wrapper.get('[role="alert"]').text()).toMatch(text)
    expect(wrapper.get<HTMLInputElement>('[name="name"]').element.value).toBe('Vera')
  })

  it('says of a window that no spot is free then', async () => {
    book.mockRejectedValue(new ApiError(409, 'lot_full', 'Harbour is full for this time.'))
    const wrapper = await dialog()
    await wrapper.get('[name="name"]').setValue('Vera')
    await button(wrapper, 'Reserve for later').trigger('click')
    await wrapper.get('.pw-window button').trigger('click')
    await send(wrapper)
    expect(wrapper.get('[role="alert"]').text()).toContain('No spot is free at that time.')
  })

  it('repeats a request whose answer was lost with the same key, a refused one with another', async () => {
    book.mockRejectedValueOnce(new ApiError(0, 'offline', ''))
    const wrapper = await dialog()
    await wrapper.get('[name="name"]').setValue('Vera')
    await send(wrapper)
    book.mockRejectedValueOnce(new ApiError(409, 'lot_full', 'Full.'))
    await send(wrapper)
    await send(wrapper)
    const [lost, refused, last] = book.mock.calls.map((call) => call[2])
    expect(refused).toBe(lost)
    expect(last).not.toBe(lost)
  })

  it('starts empty for the next visitor', async () => {
    const wrapper = await dialog()
    await wrapper.get('[name="name"]').setValue('Vera')
    await send(wrapper)
    await button(wrapper, 'Book for another visitor').trigger('click')
    await flushPromises()
    expect(document.activeElement).toBe(wrapper.get('[name="name"]').element)
    expect(wrapper.get<HTMLInputElement>('[name="name"]').element.value).toBe('')
  })

  it('can be read in German', async () => {
    await setLocale('de')
    const wrapper = await dialog()
    expect(wrapper.text()).toContain('Für Besuch buchen: Harbour')
    await send(wrapper)
    expect(wrapper.text()).toContain('Geben Sie den Namen der Person ein')
  })
})

describe('booking for a guest', () => {
  async function offer(guests_per_user: number) {
    vi.mocked(accountsApi.site).mockResolvedValue({
      mail_configured: true,
      guests_per_user,
    } as Site)
    const wrapper = mount(GuestBooking, { props: { lot }, global: global() })
    await flushPromises()
    return wrapper
  }

  it('is offered where the operator allows it', async () => {
    expect((await offer(1)).text()).toContain('Book for a guest')
    expect((await offer(0)).find('button').exists()).toBe(false)
  })

  it('leads to the booking, which is the driver’s own', async () => {
    const wrapper = await dialog({ guest: true })
    expect(wrapper.text()).toContain('You pay for it.')
    await wrapper.get('[name="name"]').setValue('Vera')
    await send(wrapper)
    expect(wrapper.get('a').attributes('href')).toBe('/bookings/1')
  })
})

describe('the price of a booking for somebody else', () => {
  it('is that of the tariff from now on', async () => {
    const wrapper = await dialog({ guest: true })
    expect(wrapper.text()).toContain('€2.50/h')
    expect(button(wrapper, 'Book the spot').exists()).toBe(true)
    expect(bookingsApi.quote).not.toHaveBeenCalled()
  })

  it('is the sum of a window, on the button and in the confirmation, beside what is free', async () => {
    book.mockResolvedValue({ booking: booked({ status: 'Reserved', total_cost: 5 }) } as never)
    const wrapper = await dialog({ guest: true })
    await wrapper.get('[name="name"]').setValue('Vera')
    await button(wrapper, 'Reserve for later').trigger('click')
    await wrapper.get('.pw-window button').trigger('click')
    await flushPromises()
    expect(wrapper.text()).toMatch(/Total\s*€5\.00/)
    expect(wrapper.text()).toContain('3 / 4')
    expect(button(wrapper, 'Reserve for €5.00').exists()).toBe(true)
    await send(wrapper)
    expect(wrapper.get('.pw-visitor-done').text()).toMatch(/Price\s*€5\.00/)
  })

  it('comes with the next time that is free where none is', async () => {
    const next = { from: '2030-03-02T09:00:00Z', to: '2030-03-02T11:00:00Z' }
    vi.mocked(lotsApi.availability).mockResolvedValue(free(0, next))
    const wrapper = await dialog()
    await wrapper.get('[name="name"]').setValue('Vera')
    await button(wrapper, 'Reserve for later').trigger('click')
    await wrapper.get('.pw-window button').trigger('click')
    await flushPromises()
    expect(wrapper.get('[role="status"]').text()).toContain('No spot is free at that time.')
    await wrapper.get('[role="status"] button').trigger('click')
    await send(wrapper)
    expect(book.mock.calls[0]![1]).toMatchObject({
      reserved_start: '2030-03-02T10:00',
      reserved_end: '2030-03-02T12:00',
    })
  })
})

describe('for whom a booking is', () => {
  const user = { user_id: 4, username: 'bob', user_email: 'bob@example.com' }
  const visitors = { user_id: 9, username: 'Visitors', user_email: 'visitors@deleted.invalid' }

  it.each([
    ['a driver', { ...user, visitor_name: null }, 'bob', 'bob@example.com'],
    ['a visitor', { ...visitors, visitor_name: 'Vera' }, 'Vera', ''],
    [
      'with an address',
      { ...visitors, visitor_name: 'Vera', visitor_email: 'v@x.org' },
      'Vera',
      'v@x.org',
    ],
    ['a guest', { ...user, visitor_name: 'Gustav' }, 'Gustav', 'bob@example.com'],
    ['nobody any more', { ...visitors, visitor_name: '' }, 'Visitors', ''],
  ])('is %s', (_, booking, name, email) => {
    expect([nameOf(booking), emailOf(booking)]).toEqual([name, email])
  })

  it('is marked in lists', () => {
    useSession().user = { id: 2, roles: ['admin'], lot_roles: [] } as unknown as User
    const show = (booking: object) =>
      mount(BookedFor, { props: { booking } as never, global: global() })
    expect(show({ ...user, visitor_name: null }).html()).toContain('/admin/users/4')
    const visitor = show({ ...visitors, visitor_name: 'Vera' })
    expect(visitor.text()).toMatch(/Vera\s+Visitor/)
    expect(visitor.find('a').exists()).toBe(false)
    expect(show({ ...user, visitor_name: 'Gustav' }).text()).toMatch(/Gustav\s+guest of\s+bob/)
    expect(hasHost({ ...user, visitor_name: null })).toBe(false)
  })
})
