import type { BookingStatus, SpotStatus } from '@/shared/api/types'

export const BOOKING_STATUSES: readonly BookingStatus[] = [
  'Active',
  'Reserved',
  'Completed',
  'Cancelled',
  'No-show',
]

/** Where the catalogue has the word for a status: `status.<key>`. */
export const STATUS_KEYS: Readonly<Record<BookingStatus | SpotStatus, string>> = {
  Active: 'active',
  Reserved: 'reserved',
  Completed: 'completed',
  Cancelled: 'cancelled',
  'No-show': 'noShow',
  Available: 'available',
  Occupied: 'occupied',
  'Out of service': 'outOfService',
}
