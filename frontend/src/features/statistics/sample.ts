import type { AdminStats } from './types'

/** A small answer of the API for the tests of this folder. */
export function sampleStats(changes: Partial<AdminStats> = {}): AdminStats {
  const day = (name: string, revenue: number, occupancy: number, partial = false) => ({
    day: name,
    partial,
    bookings: 10,
    instant: 8,
    reserved: 2,
    visits: 9,
    completed: 9,
    cancelled: 1,
    no_shows: 0,
    revenue,
    occupied_seconds: 3600,
    reserved_seconds: 0,
    available_seconds: 36_000,
    occupancy_percent: occupancy,
    bookings_query: `counted=ended&from_day=${name}&to_day=${name}`,
  })
  const lot = (id: number, name: string, revenue: number) => ({
    lot_id: id,
    name,
    bookings: 5,
    visits: 5,
    revenue,
    revenue_previous: 1,
    occupancy_percent: 20,
    peak_cars: 3,
    turnover: 1.5,
    revenue_per_spot_hour: 0.5,
    average_stay_seconds: 3600,
    occupied_seconds: 7200,
    reserved_seconds: 0,
    available_seconds: 36_000,
    no_shows: 0,
    cancelled: 0,
    bookings_query: `counted=ended&lot_id=${id}`,
  })
  const hours = Array.from({ length: 7 }, () => new Array<number | null>(24).fill(0))
  hours[1]![13] = 81.4
  hours[6]![0] = null
  return {
    from: '2026-03-01',
    to: '2026-03-02',
    lot_id: null,
    as_of: '2026-03-02T12:00:00Z',
    partial: true,
    currency: 'EUR',
    previous: { from: '2026-02-27', to: '2026-02-28', busiest_hour: null },
    now: {
      capacity: 10,
      occupied: 4,
      reserved: 1,
      out_of_service: 0,
      available: 5,
      occupancy_percent: 40,
    },
    figures: [
      {
        name: 'revenue',
        unit: 'money',
        value: 40,
        previous: 32,
        bookings: 'counted=ended&x=1',
        users: null,
      },
      {
        name: 'occupancy',
        unit: 'percent',
        value: 20,
        previous: 25.5,
        bookings: null,
        users: null,
      },
      {
        name: 'median_stay',
        unit: 'minutes',
        value: 125,
        previous: null,
        bookings: null,
        users: null,
      },
      {
        name: 'new_users',
        unit: 'count',
        value: 2,
        previous: 0,
        bookings: null,
        users: 'created_from_day=2026-03-01',
      },
    ],
    busiest_hour: {
      day: '2026-03-02',
      hour: 13,
      occupancy_percent: 81.4,
      bookings_query: 'counted=parked&hour=13',
    },
    days: [day('2026-03-01', 10, 20), day('2026-03-02', 30, 55, true)],
    lots: [lot(1, 'Harbour', 30), lot(2, 'Castle', 10)],
    lots_total: 2,
    hours,
    stays: [
      { from_minutes: 0, to_minutes: 60, count: 3, bookings_query: 'counted=ended&stay_to=60' },
      {
        from_minutes: 60,
        to_minutes: null,
        count: 15,
        bookings_query: 'counted=ended&stay_from=60',
      },
    ],
    curve: [],
    turned_away: { joined: 3, claimed: 1, declined: 0, lapsed: 1, expired: 1, left: 0 },
    ...changes,
  }
}
