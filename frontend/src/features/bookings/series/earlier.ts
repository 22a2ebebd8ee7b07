import type { Booking } from '@/shared/api/types'
import { wallClock } from '@/features/bookings/window/windows'

/** By how many minutes earlier an end can be chosen with one tap. */
const STEPS = [30, 60, 120, 240] as const
const MINUTE_MS = 60_000

export interface EarlierEnd {
  minutes: number
  until: string
}

/** The ends that are one tap away: after the start, and not over yet. */
export function earlierEnds(booking: Booking, now: Date): EarlierEnd[] {
  const { reserved_start: start, reserved_end: end } = booking
  if (!start || !end) return []
  const least = Math.max(new Date(start).getTime(), now.getTime())
  return STEPS.map((minutes) => ({
    minutes,
    at: new Date(end).getTime() - minutes * MINUTE_MS,
  }))
    .filter(({ at }) => at > least)
    .map(({ minutes, at }) => ({
      minutes,
      until: asText(at),
    }))
}

const asText = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z')

/** The instant of a wall time of a zone, "2026-03-02T09:00", that is near another instant; null: there is none. */
export function instantOf(wall: string, near: string, timeZone: string): string | null {
  const missing = (at: number) =>
    Date.parse(`${wall}Z`) - Date.parse(`${wallClock(new Date(at), timeZone)}Z`)
  const minute = Math.floor(new Date(near).getTime() / MINUTE_MS) * MINUTE_MS
  const first = minute + missing(minute)
  if (Number.isNaN(first)) return null
  // The clocks may change between the two.
  const at = first + missing(first)
  return missing(at) === 0 ? asText(at) : null
}

/** What is wrong with an end, as the last part of a message's key; null when it can be asked for. */
export function earlierProblem(
  booking: Booking,
  end: string,
  now: Date,
): 'before' | 'after' | null {
  const at = new Date(end).getTime()
  if (at >= new Date(booking.reserved_end!).getTime()) return 'before'
  return at <= Math.max(new Date(booking.reserved_start!).getTime(), now.getTime()) ? 'after' : null
}
