import type { Booking } from '@/shared/api/types'

/** A line of the list: a booking, or in its place cancelled dates of one series, of which it is the first in the list. */
export interface Line {
  id: number | string
  booking: Booking
  dates?: readonly Booking[]
}

const isOneMore = (one: Booking, before: Booking) =>
  one.series_id !== null &&
  one.series_id === before.series_id &&
  one.status === 'Cancelled' &&
  before.status === 'Cancelled'

/**
 * The bookings as lines. Cancelled dates of a series that follow each other have one line together; below it they have
 * their own where `open` has the id of the first.
 */
export function linesOf(bookings: readonly Booking[], open: ReadonlySet<number>): Line[] {
  const runs: Booking[][] = []
  for (const one of bookings) {
    const run = runs.at(-1)
    if (run && isOneMore(one, run.at(-1)!)) run.push(one)
    else runs.push([one])
  }
  return runs.flatMap((dates) => {
    const booking = dates[0]!
    const single = dates.map((one) => ({ id: one.id, booking: one }))
    if (dates.length === 1) return single
    return [{ id: `dates-${booking.id}`, booking, dates }, ...(open.has(booking.id) ? single : [])]
  })
}
