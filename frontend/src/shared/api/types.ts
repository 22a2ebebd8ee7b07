import type { components } from './api-types'

/**
 * The API's JSON shapes under the page's names. Their members come from the API's own document
 * (`npm run types`): where it changes, the page no longer compiles. Times are RFC 3339 in UTC; money
 * is a number of whole and hundredth units.
 */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

export type User = Schema<'User'>
export type Role = User['roles'][number]
export type Theme = User['theme']
export type Locale = User['locale']
/** A row of the administrator's list of users. */
export type ListedUser = Schema<'ListedUser'>
export type SignIn = Schema<'SignedIn'>
export type Session = Schema<'Session'>
export type Site = Schema<'Site'>

export type PublicLot = Schema<'PublicLotOut'>
export type Lot = Schema<'LotOut'>
export type SpotCounts = Pick<
  Lot,
  'available_spots' | 'occupied_spots' | 'reserved_spots' | 'out_of_service_spots' | 'capacity'
>
export type Tariff = Schema<'TariffOut'>
export type Spot = Schema<'SpotOut'>
/** A feature that a driver needs of a spot. */
export type Need = Schema<'MatchingOut'>['needs'][number]
export const NEEDS: readonly Need[] = ['accessible', 'ev', 'covered']
/** The spots with every need, and how many of them are free. */
export type Matching = Schema<'MatchingOut'>
export type SpotStatus = Spot['status']
export type SpotReservation = Schema<'ComingOut'>
/** Who stands on a spot; only an administrator is told. */
export type SpotBooking = Schema<'SpotStayOut'>
export type Availability = Schema<'AvailabilityOut'>

export type Booking = Schema<'BookingOut'>
export type BookingType = Booking['booking_type']
export type BookingStatus = Booking['status']
export type BookingAction = Booking['actions'][number]
export type BookingPage = Schema<'BookingsOut'>
export type BookingTotals = Schema<'TotalsOut'>
/** One booking, looked at (then with the server's time) or just changed (then with a message). */
export type BookingEnvelope = { booking: Booking } & Partial<
  Schema<'OneBookingOut'> & Schema<'BookedOut'>
>
/** A booking as administrators see it. */
export type AdminBooking = Schema<'AdminBookingOut'>
export type Receipt = Schema<'ReceiptOut'>
export type Quote = Schema<'QuoteOut'>
export type QuoteLine = Schema<'LineOut'>

export type ExportJob = Schema<'ExportOut'>
export type ExportState = ExportJob['state']

/** Members of a problem that only the code `lot_full` has; the document leaves those open. */
export type Alternative =
  | {
      kind: 'lot'
      lot_id: number
      lot_name: string
      available_spots: number
      price_per_hour: number
      tariff: Tariff
      currency: string
      distance_km: number | null
    }
  | { kind: 'time'; lot_id: number; lot_name: string; reserved_start: string; reserved_end: string }

/** The same of the code `spot_taken`. */
export interface NextSpot {
  spot_id: number
  spot_number: number
}

/** The same, where the spot is closed: null is from before the booking, and without an end. */
export interface SpotClosure {
  from: string | null
  until: string | null
}
