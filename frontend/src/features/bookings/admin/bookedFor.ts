import type { AdminBooking } from '@/shared/api/types'

/** What says for whom a booking is: of a visitor their name (empty once it is deleted), else the account. */
export type Named = Pick<AdminBooking, 'username'> & { visitor_name?: string | null }
type Addressed = Pick<AdminBooking, 'user_email'> & {
  visitor_name?: string | null
  visitor_email?: string | null
}

/** No account has such an address: those of visitors and deleted users. */
const NOBODY = '@deleted.invalid'

/** The person who parks. */
export const nameOf = (booking: Named): string => booking.visitor_name || booking.username

/** Whether a driver answers for the booking of a visitor: it is their guest. */
export const hasHost = ({ visitor_name, user_email }: Addressed): boolean =>
  typeof visitor_name === 'string' && !user_email.endsWith(NOBODY)

/** Whether staff booked for a visitor: no driver answers for it. */
export const isOfStaff = (booking: Addressed): boolean =>
  typeof booking.visitor_name === 'string' && !hasHost(booking)

/** Where the person gets mail; of a guest without an address, their host's. */
export function emailOf(booking: Addressed): string {
  if (typeof booking.visitor_name !== 'string') return booking.user_email
  return booking.visitor_email ?? (hasHost(booking) ? booking.user_email : '')
}
