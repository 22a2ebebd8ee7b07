/** The API's JSON shapes as the page uses them. Times are RFC 3339 in UTC; money is a number of whole and hundredth units. */

export type Role = 'user' | 'admin'
export type Theme = 'system' | 'light' | 'dark'
export type Locale = 'en' | 'de'

export interface User {
  id: number
  email: string
  username: string
  roles: Role[]
  active: boolean
  timezone: string | null
  locale: string | null
  theme: Theme | null
  plates: string[]
  mail_preferences: Record<string, boolean>
  created_at: string
}

/** A row of the administrator's list of people. */
export interface UserRow extends User {
  last_booking_at: string | null
  active_bookings: number
  total_bookings: number
  total_spent: number
}

export interface SignIn {
  message: string
  user: User
  token: string
  /** Seconds until the access token runs out. */
  expires_in: number
}

export interface Session {
  id: number
  created_at: string
  last_used_at: string
  user_agent: string | null
  ip: string | null
  current: boolean
}

export interface Site {
  site_name: string
  currency: string
  timezone: string
  locales: Locale[]
  password_min_length: number
  mail_configured: boolean
  public_lots: boolean
  server_time: string
}

export interface PublicLot {
  id: number
  name: string
  address: string | null
  price_per_hour: number
  currency: string
  available_spots: number
  capacity: number
}

export interface Tariff {
  id: number
  price_per_hour: number
  billing_step_seconds: number
  free_minutes: number
  daily_cap: number | null
  cap_day: 'rolling' | 'calendar'
}

export interface SpotCounts {
  available_spots: number
  occupied_spots: number
  reserved_spots: number
  out_of_service_spots: number
  capacity: number
}

export interface Lot extends SpotCounts {
  id: number
  name: string
  price_per_hour: number
  currency: string
  timezone: string
  address: string | null
  latitude: number | null
  longitude: number | null
  description: string | null
  require_checkin: boolean
  checkin_grace_minutes: number
  instant_hold_minutes: number
  tariff: Tariff
  features: { ev: number; accessible: number; covered: number }
  version: number
  created_at: string
  updated_at: string
}

export type SpotStatus = 'Available' | 'Occupied' | 'Reserved' | 'Out of service'

export interface SpotReservation {
  start: string
  end: string
  user_email?: string
}

/** Who stands on a spot; only an administrator is told. */
export interface SpotBooking {
  id: number
  reference: string
  user_id: number
  user_email: string
  username: string
  start_time: string
  held_until: string
  running_cost: number
  booking_type: BookingType
}

export interface Spot {
  id: number
  lot_id: number
  spot_number: number
  status: SpotStatus
  level: string | null
  ev: boolean
  accessible: boolean
  covered: boolean
  out_of_service_reason: string | null
  mine: boolean
  reservations: SpotReservation[]
  booking?: SpotBooking | null
}

export type BookingType = 'instant' | 'reserved'
export type BookingStatus = 'Active' | 'Reserved' | 'Completed' | 'Cancelled' | 'No-show'
export type BookingAction = 'cancel' | 'extend' | 'check_in' | 'release'

export interface Booking {
  id: number
  reference: string
  lot_id: number
  lot_name: string
  lot_timezone: string
  lot_address: string | null
  spot_id: number
  spot_number: number
  booking_type: BookingType
  status: BookingStatus
  start_time: string
  end_time: string | null
  reserved_start: string | null
  reserved_end: string | null
  /** Until when the spot is surely his; null once it is over. */
  held_until: string | null
  checked_in_at: string | null
  duration_hours: number | null
  price_per_hour: number
  currency: string
  tariff: Tariff
  total_cost: number | null
  running_cost: number | null
  created_at: string
  require_checkin: boolean
  checkin_deadline: string | null
  ended_by: string | null
  reason: string | null
  vehicle_plate: string | null
  actions: BookingAction[]
  mail: { state: string } | null
}

export interface BookingTotals {
  count: number
  /** Null when the bookings are in more than one currency. */
  total_cost: number | null
  currency: string | null
}

export interface BookingPage {
  bookings: Booking[]
  next: string | null
  total: number | null
  totals: BookingTotals | null
  server_time: string
}

export interface BookingEnvelope {
  booking: Booking
  server_time?: string
  message?: string
}

export interface Receipt {
  number: string
  issued_at: string
  site_name: string
  booking: Booking
  customer: { username: string; email: string }
  charged_from: string
  charged_to: string
  lines: QuoteLine[]
  total_cost: number
  currency: string
}

export interface QuoteLine {
  text: string
  seconds: number
  amount: number
}

/** A booking as administrators see it. */
export interface AdminBooking extends Booking {
  user_id: number
  user_email: string
  username: string
}

export type Alternative =
  | {
      kind: 'lot'
      lot_id: number
      lot_name: string
      available_spots: number
      price_per_hour: number
      currency: string
      distance_km: number | null
    }
  | { kind: 'time'; lot_id: number; lot_name: string; reserved_start: string; reserved_end: string }

export interface NextSpot {
  spot_id: number
  spot_number: number
}

export interface Quote {
  lot_id: number
  from: string
  to: string
  duration_hours: number
  price_per_hour: number
  currency: string
  lines: QuoteLine[]
  total_cost: number
}

export interface Availability {
  lot_id: number
  from: string
  to: string
  capacity: number
  available_spots: number
  spot_ids: number[]
  next_free: { from: string; to: string } | null
}

export type ExportState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired'

export interface ExportJob {
  id: number | string
  kind: 'bookings' | 'all_data'
  state: ExportState
  rows_done: number
  rows_total: number | null
  size_bytes: number | null
  created_at: string
  finished_at: string | null
  expires_at: string | null
  download_url: string | null
  error: string | null
}
