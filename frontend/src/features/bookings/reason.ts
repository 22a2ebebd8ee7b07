import type { Booking } from '@/shared/api/types'
import { i18n } from '@/shared/format/i18n'

/** Why a booking ended: the operator's own words, or the program's in the reader's language. */
export function reasonOf(booking: Pick<Booking, 'reason' | 'reason_code'>): string | null {
  return booking.reason_code ? i18n.global.t(`endReason.${booking.reason_code}`) : booking.reason
}
