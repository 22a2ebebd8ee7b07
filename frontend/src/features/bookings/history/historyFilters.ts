import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { isDay, startOfDay } from '@/shared/time/zones'
import type { BookingFilters } from '@/features/bookings/api'
import { dayAfter } from '@/features/bookings/window/windows'

/** The history's filters as the user sets them; they live in the address of the page. */
export interface HistoryFilters {
  status: string
  lot: string
  /** First and last day wanted, YYYY-MM-DD; empty for no bound. */
  from: string
  to: string
}

export const NO_FILTERS: HistoryFilters = { status: '', lot: '', from: '', to: '' }
const text = (value: unknown) => (typeof value === 'string' ? value : '')

export function filtersFromQuery(query: LocationQuery): HistoryFilters {
  return {
    status: text(query.status),
    lot: /^\d+$/.test(text(query.lot)) ? text(query.lot) : '',
    from: isDay(query.from) ? query.from : '',
    to: isDay(query.to) ? query.to : '',
  }
}

export function queryFromFilters(filters: HistoryFilters): LocationQueryRaw {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
}

function commonFilters(filters: HistoryFilters): BookingFilters {
  return {
    ...(filters.status && { status: filters.status }),
    ...(filters.lot && { lot_id: Number(filters.lot) }),
  }
}

/**
 * As the list wants them. With both ends, days of each lot's own calendar, as the sums of a month
 * have them; with one, from or to the turn of that day in the user's zone.
 */
export function apiFilters(filters: HistoryFilters, timeZone: string): BookingFilters {
  const { from, to } = filters
  if (from && to && from <= to) return { ...commonFilters(filters), from_day: from, to_day: to }
  return exportFilters(filters, timeZone)
}

/** As an export wants them: from the first day's beginning to the end of the last day, in the user's zone. */
export function exportFilters(filters: HistoryFilters, timeZone: string): BookingFilters {
  const begins = (day: string) => startOfDay(day, timeZone).toISOString()
  return {
    ...commonFilters(filters),
    ...(filters.from && { from: begins(filters.from) }),
    ...(filters.to && { to: begins(dayAfter(filters.to)) }),
  }
}
