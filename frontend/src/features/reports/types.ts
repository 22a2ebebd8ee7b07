/** The figures' JSON shapes (GET /api/stats/admin, /api/stats/user). Days are local days of each lot. */

export type Unit =
  'count' | 'money' | 'percent' | 'seconds' | 'minutes' | 'per_spot_day' | 'money_per_spot_hour'

export interface Figure {
  name: string
  unit: Unit
  value: number | null
  previous: number | null
  /** Query of the administrator's list that shows the bookings behind the number. */
  bookings: string | null
}

export interface DayFigures {
  day: string
  partial: boolean
  bookings: number
  instant: number
  reserved: number
  visits: number
  completed: number
  cancelled: number
  no_shows: number
  revenue: number
  occupied_seconds: number
  reserved_seconds: number
  available_seconds: number
  occupancy_percent: number
  bookings_query: string
}

export interface LotFigures {
  lot_id: number
  name: string
  bookings: number
  visits: number
  revenue: number
  revenue_previous: number | null
  occupancy_percent: number
  peak_cars: number
  turnover: number | null
  revenue_per_spot_hour: number | null
  average_stay_seconds: number | null
  no_shows: number
  cancelled: number
  bookings_query: string
}

export interface StayBar {
  from_minutes: number
  to_minutes: number | null
  count: number
}

export interface CurvePoint {
  at: string
  occupied: number
  capacity: number
}

export interface SpotsNow {
  capacity: number
  occupied: number
  reserved: number
  out_of_service: number
  available: number
  occupancy_percent: number
}

export interface AdminStats {
  from: string
  to: string
  lot_id: number | null
  as_of: string
  partial: boolean
  currency: string
  previous: { from: string; to: string } | null
  now: SpotsNow
  figures: Figure[]
  busiest_hour: { day: string; hour: number; occupancy_percent: number } | null
  days: DayFigures[]
  lots: LotFigures[]
  lots_total: number
  /** Occupancy in percent, [Monday first][hour]; null where there was no spot. */
  hours: (number | null)[][]
  stays: StayBar[]
  /** Half-hourly, for at most two days. */
  curve: CurvePoint[]
}

export interface SystemLights {
  database: Light
  redis: Light
  worker: Light
  beat: Light
  disk: Light
  outbox: { failed: number; queued: number; circuit?: unknown; [more: string]: unknown }
}

export interface Light {
  ok: boolean
  detail: string
}
