import type { Booking } from '@/shared/api/types'

type Stay = Pick<Booking, 'status' | 'reserved_end' | 'held_until'>

/** Seconds for which a car has stayed after its reserved or guaranteed time has ended; 0 when it has not. */
export function overstaySeconds(booking: Stay, now: Date): number {
  if (booking.status !== 'Active') return 0
  const ends = [booking.reserved_end, booking.held_until].filter((end) => end !== null)
  const since = Math.min(...ends.map((end) => Date.parse(end)))
  return Number.isFinite(since) ? Math.max(0, Math.floor((now.getTime() - since) / 1000)) : 0
}
