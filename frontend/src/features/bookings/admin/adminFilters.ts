import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { isDay, startOfDay } from '@/shared/time/zones'
import type { Lot } from '@/shared/api/types'
import { dayAfter } from '@/features/bookings/window/windows'

/** The filters as they stand in the address of the page. */
export interface AdminFilters {
  q: string
  status: string
  lot_id: string
  booking_type: string
  /** First and last day wanted, YYYY-MM-DD, where the chosen lot or else the operator is; empty for no bound. */
  from: string
  to: string
  user_id: string
  spot_id: string
  /** `true`: only cars that stay after their time has ended. */
  overstayed: string
  /** What the metrics counted, on which days of each lot's own calendar: for links from there. */
  counted: string
  from_day: string
  to_day: string
  came: string
  /** Parts of such a count: one hour of the day, one moment, stays from so many minutes to so many. */
  hour: string
  at: string
  stay_from: string
  stay_to: string
}

export const NO_FILTERS: AdminFilters = {
  q: '',
  status: '',
  lot_id: '',
  booking_type: '',
  from: '',
  to: '',
  user_id: '',
  spot_id: '',
  overstayed: '',
  counted: '',
  from_day: '',
  to_day: '',
  came: '',
  hour: '',
  at: '',
  stay_from: '',
  stay_to: '',
}

const MINUTES = /^\d{1,7}$/
const DAY = { test: isDay }
const ID = /^\d{1,15}$/
const VALID: Record<keyof AdminFilters, { test: (text: string) => boolean }> = {
  q: /^.{0,100}$/s,
  status: /^(Active|Reserved|Completed|Cancelled|No-show)$/,
  lot_id: ID,
  booking_type: /^(instant|reserved)$/,
  from: DAY,
  to: DAY,
  user_id: ID,
  spot_id: ID,
  overstayed: /^true$/,
  counted: /^(started|ended|parked|kept_free)$/,
  from_day: DAY,
  to_day: DAY,
  came: /^true$/i,
  hour: /^(1?\d|2[0-3])$/,
  at: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/,
  stay_from: MINUTES,
  stay_to: MINUTES,
}

/** What is in the address and makes sense; anything else is left out, not an error. */
export function filtersFromQuery(query: LocationQuery): AdminFilters {
  const filters = { ...NO_FILTERS }
  for (const name of Object.keys(VALID) as (keyof AdminFilters)[]) {
    const value = query[name]
    if (typeof value === 'string' && VALID[name].test(value)) filters[name] = value
  }
  return isWhole(filters) ? filters : withoutCount(filters)
}

/** Half of a count is none: the server would refuse it. */
function isWhole(filters: AdminFilters): boolean {
  const { counted, from_day, to_day, hour, at, stay_from, stay_to } = filters
  return (
    Boolean(counted && from_day && to_day && from_day <= to_day) &&
    (!hour || from_day === to_day) &&
    (!at || counted === 'parked') &&
    (!(stay_from || stay_to) || counted === 'ended') &&
    (!stay_to || Number(stay_from) < Number(stay_to))
  )
}

export function withoutCount(filters: AdminFilters): AdminFilters {
  const none = { counted: '', from_day: '', to_day: '', came: '' }
  return { ...filters, ...none, hour: '', at: '', stay_from: '', stay_to: '' }
}

export function queryFromFilters(filters: AdminFilters): LocationQueryRaw {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
}

/** The zone of the days of the filters: that of the lot that is chosen, else the operator's. */
export function zoneOf(
  filters: AdminFilters,
  lots: readonly Pick<Lot, 'id' | 'timezone'>[],
  operatorZone: string,
): string {
  return lots.find(({ id }) => String(id) === filters.lot_id)?.timezone ?? operatorZone
}

/** As the API takes them. */
export function apiFilters(filters: AdminFilters, timeZone: string): Record<string, string> {
  const { from, to, ...same } = filters
  const params: Record<string, string> = { ...same, q: same.q.trim() }
  if (from) params.from = startOfDay(from, timeZone).toISOString()
  if (to) params.to = startOfDay(dayAfter(to), timeZone).toISOString()
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== ''))
}
