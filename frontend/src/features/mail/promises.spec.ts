import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import type { Component } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import ChangeEmailForm from '@/features/accounts/components/ChangeEmailForm.vue'
import MailPreferences from '@/features/accounts/components/MailPreferences.vue'
import { lotsApi } from '@/features/lots/api'
import { waitlistApi } from '@/features/waitlist/api'
import BookingDetails from '@/features/bookings/components/BookingDetails.vue'
import ClosureConflict from '@/features/lots/admin/components/spots/ClosureConflict.vue'
import AddStaffDialog from '@/features/staff/components/AddStaffDialog.vue'
import WithdrawDialog from '@/features/staff/components/WithdrawDialog.vue'
import JoinWaitlist from '@/features/waitlist/components/JoinWaitlist.vue'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'

const booking = (state: string) =>
  ({
    status: 'Active',
    needs: [],
    start_time: '2026-03-02T09:00:00Z',
    lot_timezone: 'UTC',
    currency: 'EUR',
    tariff: { price_per_hour: 2, billing_step_seconds: 1, free_minutes: 0, daily_cap: null },
    mail: { state },
  }) as unknown as Booking

const lot = { id: 7, name: 'Harbour' }
const member = { user_id: 1, username: 'vera' }
const known = { entry_id: null, position: 1 }
const waiting = { lot, request: { lot_id: 7, booking_type: 'instant' }, known }
const blocker = {
  booking_id: 1,
  reference: 'K7QF-2M9X',
  spot_number: 3,
  move_to: { spot_number: 4 },
}
const conflict = {
  blocking: [{ ...blocker, start_time: '2026-03-02T09:00:00Z' }],
  count: 1,
  timezone: 'UTC',
  busy: false,
}

/** What a component says on a site that sends email, or on one that does not. */
async function textOf(component: Component, mail_configured: boolean, props = {}): Promise<string> {
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured } as never)
  vi.spyOn(lotsApi, 'list').mockResolvedValue([])
  vi.spyOn(waitlistApi, 'list').mockResolvedValue({ entries: [], server_time: '' })
  vi.spyOn(waitlistApi, 'place').mockResolvedValue(known)
  const queryClient = new QueryClient()
  const wrapper = mount(component, {
    props,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient }]],
      stubs: { RouterLink: RouterLinkStub, AppDialog: { template: '<section><slot /></section>' } },
    },
  })
  await flushPromises()
  return wrapper.text()
}

beforeEach(async () => {
  await useTexts(
    'features/accounts',
    'features/bookings/history',
    'features/lots/admin',
    'features/staff',
    'features/waitlist',
  )
  await setLocale('en')
})
afterEach(() => vi.restoreAllMocks())

describe('an email is promised only where one can be sent', () => {
  it('as the confirmation of a booking', async () => {
    expect(await textOf(BookingDetails, true, { booking: booking('queued') })).toContain(
      'Will be sent to',
    )
    for (const state of ['queued', 'retrying', 'sending']) {
      const text = await textOf(BookingDetails, false, { booking: booking(state) })
      expect(text).toContain('This site does not send email. Everything you need is on this page.')
      expect(text).not.toContain('Will be sent')
    }
    expect(await textOf(BookingDetails, false, { booking: booking('sent') })).toContain('Sent to')
  })

  it('as the link for another address', async () => {
    expect(await textOf(ChangeEmailForm, true)).toContain('Change email')
    const text = await textOf(ChangeEmailForm, false)
    expect(text).toContain('Please contact the operator')
    expect(text).not.toContain('Change email')
  })

  it.each([
    ['joining a waitlist', JoinWaitlist, waiting, 'tell you here'],
    ['an account in the staff', AddStaffDialog, { open: true, lot, staff: [] }, 'needs an account'],
    ['a role withdrawn', WithdrawDialog, { open: true, lot, member }, 'lose access'],
    ['bookings moved away', ClosureConflict, conflict, 'stay the same'],
  ])('as news of %s', async (_, component, props, rest) => {
    const promise = / an email| by email/
    const [on, off] = [
      await textOf(component as Component, true, props),
      await textOf(component as Component, false, props),
    ]
    expect(on).toMatch(promise)
    expect(off).toContain(rest)
    expect(off).not.toMatch(promise)
  })

  it('as reminders and reports', async () => {
    expect(await textOf(MailPreferences, true)).not.toContain('does not send email')
    expect(await textOf(MailPreferences, false)).toContain('Your choices apply as soon as it does.')
  })
})

describe('the reason of a cancellation', () => {
  const cancelled = { ...booking('sent'), status: 'Cancelled' } as Booking

  it('is the operator’s own, or ours in the reader’s language', async () => {
    const own = { ...cancelled, ended_by: 'admin', reason: 'Level 2 is closed.' } as Booking
    expect(await textOf(BookingDetails, true, { booking: own })).toContain('Level 2 is closed.')
    await setLocale('de')
    const ours = {
      ...cancelled,
      ended_by: 'system',
      reason: 'The spot was not free in time.',
      reason_code: 'not_free',
    }
    const text = await textOf(BookingDetails, true, { booking: ours })
    expect(text).toContain('Der Stellplatz war noch belegt und kein anderer frei.')
    expect(text).not.toContain('not free in time')
  })
})
