import type { RouteLocationRaw } from 'vue-router'
import { searchFor } from '@/shared/list/search/useSearchWords'
import type { BookingMatch, SearchAnswer } from './api'

const GROUPS = ['lots', 'spots', 'plates', 'users', 'bookings'] as const
export type Group = (typeof GROUPS)[number]

/** One line of the results; `text` and `note` are words of its own, `at` and `booking` are put into words. */
export interface Result {
  key: string
  text: string
  note: string | null
  at: { lot: string; number: number } | null
  booking: BookingMatch | null
  disabled: boolean
  to: RouteLocationRaw
}

const spot = (lotId: number, number: number): RouteLocationRaw => ({
  name: 'admin-lot',
  params: { id: lotId },
  query: { spot: number },
})

const bookings = (q: string): RouteLocationRaw => ({ name: 'admin-bookings', ...searchFor(q) })

function ofBooking(match: BookingMatch, text: string, to: RouteLocationRaw): Omit<Result, 'key'> {
  const at = { lot: match.lot_name, number: match.spot_number }
  return {
    text,
    note: match.visitor_name || match.username,
    at,
    booking: match,
    disabled: false,
    to,
  }
}

/** The answer as groups of lines, each with the page that it leads to; empty groups are left out. */
export function resultsOf(answer: SearchAnswer): { group: Group; results: Result[] }[] {
  const plain = { at: null, booking: null, disabled: false }
  const lines: Record<Group, Omit<Result, 'key'>[]> = {
    lots: answer.lots.map(({ id, name, address }) => ({
      ...plain,
      text: name,
      note: address,
      to: { name: 'admin-lot', params: { id } },
    })),
    spots: answer.spots.map((one) => ({
      ...plain,
      text: '',
      note: one.level,
      at: { lot: one.lot_name, number: one.spot_number },
      to: spot(one.lot_id, one.spot_number),
    })),
    // A car that is there is found where it stands, one that is not by its bookings.
    plates: answer.plates.map((one) => {
      const plate = one.vehicle_plate ?? ''
      const parked = one.status === 'Active'
      return ofBooking(one, plate, parked ? spot(one.lot_id, one.spot_number) : bookings(plate))
    }),
    users: answer.users.map(({ id, username, email, active }) => ({
      ...plain,
      text: username,
      note: email,
      disabled: !active,
      to: { name: 'admin-user', params: { id } },
    })),
    bookings: answer.bookings.map((one) => ofBooking(one, one.reference, bookings(one.reference))),
  }
  return GROUPS.map((group) => ({
    group,
    results: lines[group].map((line, at) => ({ ...line, key: `${group}-${at}` })),
  })).filter(({ results }) => results.length > 0)
}
