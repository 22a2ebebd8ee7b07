import type { LocationQuery, RouteLocationRaw } from 'vue-router'
import type { AdminStats, Metric } from './types'

/** The administrator's list of the bookings behind a number. */
export function bookingsLink(query: string): RouteLocationRaw {
  return { name: 'admin-bookings', query: Object.fromEntries(new URLSearchParams(query)) }
}

/** The users behind a number. */
export function usersLink(query: string): RouteLocationRaw {
  return { name: 'admin-users', query: Object.fromEntries(new URLSearchParams(query)) }
}

/** The cars that stand in the lots at this moment. */
export function parkedNow(lot: number | null): RouteLocationRaw {
  return {
    name: 'admin-bookings',
    query: { status: 'Active', ...(lot !== null && { lot_id: String(lot) }) },
  }
}

export type Counted = 'started' | 'ended' | 'parked'

/** The bookings of a part of the metrics: of these days, this lot, or all of them. */
export function countedLink(
  stats: Pick<AdminStats, 'from' | 'to' | 'lot_id'>,
  counted: Counted,
  part: { day?: string; lot?: number; came?: boolean; type?: string; at?: string } = {},
): RouteLocationRaw {
  const lot = part.lot ?? stats.lot_id
  return {
    name: 'admin-bookings',
    query: {
      counted,
      from_day: part.day ?? stats.from,
      to_day: part.day ?? stats.to,
      ...(lot !== null && { lot_id: String(lot) }),
      ...(part.came && { came: 'true' }),
      ...(part.type && { booking_type: part.type }),
      ...(part.at && { at: part.at }),
    },
  }
}

export const LOTS_ID = 'figures-lots'

/** What stands behind a metric, and the text that says so. */
export function metricLink(
  one: Metric,
  here: LocationQuery,
): { to: RouteLocationRaw; says: string } | null {
  if (one.bookings) return { to: bookingsLink(one.bookings), says: 'statistics.showBookings' }
  if (one.users) return { to: usersLink(one.users), says: 'statistics.showUsers' }
  if (one.name !== 'available') return null
  return { to: { query: here, hash: `#${LOTS_ID}` }, says: 'statistics.showLots' }
}

/** A cell of the heat map that is opened, as it stands in the address. */
export interface HeatCell {
  weekday: number
  hour: number
}

export function cellFromQuery(query: LocationQuery): HeatCell | null {
  const match = typeof query.cell === 'string' && /^([0-6])-(1?\d|2[0-3])$/.exec(query.cell)
  return match ? { weekday: Number(match[1]), hour: Number(match[2]) } : null
}

export function cellLink(here: LocationQuery, cell: HeatCell | null): RouteLocationRaw {
  const rest = { ...here }
  delete rest.cell
  return { query: cell ? { ...rest, cell: `${cell.weekday}-${cell.hour}` } : rest }
}

/** What a table shows: a number alone, or one that leads on. */
export type Cell = string | number | { text: string; to: RouteLocationRaw }
