import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { startOfDay } from '@/shared/zones'
import { dayAfter } from '../windows'

/** The filters as they stand in the address of the page. */
export interface AdminFilters {
  q: string
  status: string
  lot_id: string
  booking_type: string
  /** First and last day wanted, YYYY-MM-DD, where the operator is; empty for no bound. */
  from: string
  to: string
  user_id: string
  spot_id: string
  /** What the figures counted, on which days of each lot's own calendar: for links from there. */
  counted: string
  from_day: string
  to_day: string
  came: string
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
  counted: '',
  from_day: '',
  to_day: '',
  came: '',
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const ID = /^\d{1,15}$/
const VALID: Record<keyof AdminFilters, RegExp> = {
  q: /^.{0,100}$/s,
  status: /^(Active|Reserved|Completed|Cancelled|No-show)$/,
  lot_id: ID,
  booking_type: /^(instant|reserved)$/,
  from: DAY,
  to: DAY,
  user_id: ID,
  spot_id: ID,
  counted: /^(started|ended|parked)$/,
  from_day: DAY,
  to_day: DAY,
  came: /^true$/i,
}

/** What is in the address and makes sense; anything else is left out, not an error. */
export function filtersFromQuery(query: LocationQuery): AdminFilters {
  const found = { ...NO_FILTERS }
  for (const name of Object.keys(VALID) as (keyof AdminFilters)[]) {
    const value = query[name]
    if (typeof value === 'string' && VALID[name].test(value)) found[name] = value
  }
  // Half of a count is none: the server would refuse it.
  const whole = found.counted && found.from_day && found.to_day
  return whole ? found : withoutCount(found)
}

export function withoutCount(filters: AdminFilters): AdminFilters {
  return { ...filters, counted: '', from_day: '', to_day: '', came: '' }
}

export function queryFromFilters(filters: AdminFilters): LocationQueryRaw {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
}

/** As the API takes them. */
export function apiFilters(filters: AdminFilters, timeZone: string): Record<string, string> {
  const { from, to, ...same } = filters
  const asked: Record<string, string> = { ...same, q: same.q.trim() }
  if (from) asked.from = startOfDay(from, timeZone).toISOString()
  if (to) asked.to = startOfDay(dayAfter(to), timeZone).toISOString()
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''))
}
