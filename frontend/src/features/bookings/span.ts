import type { Booking } from '@/shared/api/types'

/** From when to when a booking is or was meant: a cancelled or missed one keeps the window it had. */
export function spanOf(booking: Booking): { from: string; to: string } {
  const stayed = booking.status === 'Completed' ? booking.end_time : null
  const from = booking.reserved_start ?? booking.start_time
  const later = (a: string, b: string) => (new Date(a) > new Date(b) ? a : b)
  const meant = booking.reserved_end ?? booking.held_until ?? booking.end_time ?? from
  return { from, to: stayed && booking.reserved_end ? later(stayed, meant) : (stayed ?? meant) }
}
