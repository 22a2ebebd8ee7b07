import { useI18n } from 'vue-i18n'
import type { Booking } from '@/shared/api/types'
import { useFormat } from '@/shared/format/format'

/** From when to when a booking is or was meant: a cancelled or missed one keeps the window it had. */
export function spanOf(booking: Booking): { from: string; to: string } {
  const stayed = booking.status === 'Completed' ? booking.end_time : null
  const from = booking.reserved_start ?? booking.start_time
  const later = (a: string, b: string) => (new Date(a) > new Date(b) ? a : b)
  const meant = booking.reserved_end ?? booking.held_until ?? booking.end_time ?? from
  return { from, to: stayed && booking.reserved_end ? later(stayed, meant) : (stayed ?? meant) }
}

/** When a booking is or was, in words. A walk-in that runs has no end yet: "since 08:40". */
export function useSpanText() {
  const { t } = useI18n()
  const format = useFormat()
  return (booking: Booking, now: Date): string => {
    const { from, to } = spanOf(booking)
    const zone = booking.lot_timezone
    return booking.status === 'Active' && !booking.reserved_end
      ? t('booking.since', { time: format.until(from, zone, now) })
      : format.timeRange(from, to, zone, now)
  }
}
