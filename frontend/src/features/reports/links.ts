import type { RouteLocationRaw } from 'vue-router'

/** The administrator's list of the bookings behind a number. */
export function bookingsLink(query: string): RouteLocationRaw {
  return { name: 'admin-bookings', query: Object.fromEntries(new URLSearchParams(query)) }
}
