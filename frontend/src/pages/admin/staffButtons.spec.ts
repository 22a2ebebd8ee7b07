import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Component } from 'vue'
import { useSession } from '@/features/accounts/session'
import { adminBookingsApi } from '@/features/bookings/admin/api'
import AdminBookingDialog from '@/features/bookings/admin/components/AdminBookingDialog.vue'
import SpotBookings from '@/features/bookings/admin/components/SpotBookings.vue'
import LotTable from '@/features/lots/admin/components/LotTable.vue'
import ManySpotsDialog from '@/features/lots/admin/components/spots/ManySpotsDialog.vue'
import SpotPanel from '@/features/lots/admin/components/spots/SpotPanel.vue'
import type { AdminBooking, Lot, Spot, User } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'

/** Buttons of the lots' pages: those that a role does not include are absent. */
const lot = {
  id: 7,
  name: 'Harbour',
  timezone: 'UTC',
  currency: 'EUR',
  price_per_hour: 2,
  capacity: 2,
  available_spots: 1,
  occupied_spots: 1,
  reserved_spots: 0,
  out_of_service_spots: 0,
} as Lot
const spot = {
  id: 71,
  lot_id: 7,
  spot_number: 1,
  status: 'Occupied',
  reservations: [],
  closures: [],
  booking: {
    id: 5,
    reference: 'K7QF-2M9X',
    user_id: 3,
    user_email: 'alice@example.com',
    username: 'alice',
    start_time: '2026-03-02T08:00:00Z',
    held_until: '2026-03-02T12:00:00Z',
    running_cost: 5,
    booking_type: 'instant',
  },
} as unknown as Spot
const arriving = {
  id: 6,
  reference: 'H7K2-M4QX',
  lot_id: 7,
  lot_name: 'Harbour',
  lot_timezone: 'UTC',
  spot_number: 1,
  booking_type: 'reserved',
  status: 'Reserved',
  username: 'alice',
  user_id: 3,
  user_email: 'alice@example.com',
  start_time: '2026-03-02T12:00:00Z',
  reserved_start: '2026-03-02T12:00:00Z',
  reserved_end: '2026-03-02T14:00:00Z',
  created_at: '2026-03-01T12:00:00Z',
  actions: ['check_in', 'cancel'],
  needs: [],
  total_cost: 4,
  currency: 'EUR',
  tariff: { price_per_hour: 2, billing_step_seconds: 1, free_minutes: 0, daily_cap: null },
} as unknown as AdminBooking

const dialog = {
  props: ['open', 'title'],
  template: '<section v-if="open"><h3>{{ title }}</h3><slot /><slot name="actions" /></section>',
}
function buttonsOf(component: Component, props: object) {
  const wrapper = mount(component, {
    props,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { AppDialog: dialog, RouterLink: RouterLinkStub },
    },
  })
  const names = wrapper
    .findAll('button, summary, option')
    .map((one) => one.attributes('aria-label') ?? one.text())
  return { wrapper, names }
}

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/bookings/admin', 'features/lots/admin')
  vi.spyOn(adminBookingsApi, 'list').mockResolvedValue({
    bookings: [],
    next: null,
    server_time: '2026-03-02T11:50:00Z',
  })
})
afterEach(() => (useSession().user = null))

describe('the buttons of', () => {
  it('a lot in the list: managers edit, administrators delete, and others have none', () => {
    const names = (mayEdit: boolean, mayDelete: boolean) => {
      const { wrapper } = buttonsOf(LotTable, {
        lots: [lot],
        earned: () => 0,
        mayEdit: () => mayEdit,
        mayDelete,
      })
      return wrapper.findAll('.btn-icon').map((one) => one.attributes('aria-label'))
    }
    expect(names(false, false)).toEqual([])
    expect(names(true, false)).toEqual(['Edit Harbour'])
    expect(names(true, true)).toEqual(['Edit Harbour', 'Delete Harbour'])
  })

  it('a spot: attendants take it out of service, managers describe it, too', () => {
    const names = (mayClose: boolean, mayDescribe: boolean) =>
      buttonsOf(SpotPanel, { spot, timezone: 'UTC', mayClose, mayDescribe }).names.join()
    expect(names(false, false)).toBe('')
    expect(names(true, false)).toContain('Take out of service')
    expect(names(true, false)).not.toContain('Level and features')
    expect(names(true, true)).toContain('Level and features')
  })

  it('many spots: an attendant has the two actions about service', () => {
    const options = (mayDescribe: boolean) =>
      buttonsOf(ManySpotsDialog, { open: true, lot, numbers: [1, 2], mayDescribe })
        .wrapper.findAll('option')
        .map((one) => one.attributes('value'))
    expect(options(false)).toEqual(['close', 'reopen'])
    expect(options(true)).toEqual(['close', 'reopen', 'level', 'ev', 'noEv'])
  })

  it('who stands on a spot: attendants end the stay', () => {
    const names = (mayEnd: boolean) => buttonsOf(SpotBookings, { spot, lot, mayEnd }).names
    expect(names(false)).toEqual([])
    expect(names(true)).toEqual(['Force release'])
  })

  it.each([
    ['en', 'Cancel'],
    ['de', 'Stornieren'],
  ] as const)('a reservation of a spot says what it does, %s', async (locale, text) => {
    await setLocale(locale)
    vi.mocked(adminBookingsApi.list).mockImplementation(
      async ({ status }) =>
        ({ bookings: status === 'Reserved' ? [arriving] : [], next: null }) as never,
    )
    const coming = { ...spot, booking: null, reservations: [arriving] }
    const { wrapper } = buttonsOf(SpotBookings, { spot: coming, lot, mayEnd: true })
    await flushPromises()
    const button = wrapper.get('.btn-quiet')
    expect(button.text()).toBe(text)
    // What is seen is part of what is said (WCAG 2.5.3).
    expect(button.attributes('aria-label')!.toLowerCase()).toContain(text.toLowerCase())
  })

  it('a spot with many reservations: the next three are listed, then all', async () => {
    const bookings = [1, 2, 3, 4, 5].map((id) => ({ ...arriving, id }))
    vi.mocked(adminBookingsApi.list).mockImplementation(
      async ({ status }) =>
        ({ bookings: status === 'Reserved' ? bookings : [], next: null }) as never,
    )
    const much = { ...spot, booking: null, reservations: bookings }
    const { wrapper } = buttonsOf(SpotBookings, { spot: much, lot, mayEnd: false })
    await flushPromises()
    expect(wrapper.findAll('li')).toHaveLength(3)
    const button = wrapper.get('button')
    expect(button.text()).toBe('Show all 5')
    await button.trigger('click')
    expect(wrapper.findAll('li')).toHaveLength(5)
    expect(button.attributes('aria-expanded')).toBe('true')
  })

  it('a booking: attendants of its lot check the driver in and cancel it, viewers look', async () => {
    const signIn = (role: 'viewer' | 'attendant') => {
      const lot_roles = [{ lot_id: 7, lot_name: 'Harbour', role }]
      useSession().user = { id: 9, roles: ['user'], lot_roles } as unknown as User
    }
    signIn('viewer')
    expect(buttonsOf(AdminBookingDialog, { open: true, booking: arriving }).names).toEqual([])
    signIn('attendant')
    const { wrapper, names } = buttonsOf(AdminBookingDialog, { open: true, booking: arriving })
    expect(names).toEqual(['Check in reservation H7K2-M4QX', 'Cancel reservation'])
    const after = { ...arriving, status: 'Active' as const, actions: [] }
    const checkIn = vi
      .spyOn(adminBookingsApi, 'checkIn')
      .mockResolvedValue({ message: '', booking: after, total_cost: null })
    await wrapper.get('[aria-label="Check in reservation H7K2-M4QX"]').trigger('click')
    await flushPromises()
    expect(checkIn).toHaveBeenCalledExactlyOnceWith(6)
    expect(wrapper.emitted('changed')).toEqual([[after]])
  })
})
