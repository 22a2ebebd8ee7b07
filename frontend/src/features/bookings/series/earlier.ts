import type { Booking } from '@/shared/api/types'

/** By how many minutes a reservation can end earlier with one tap. */
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
      until: new Date(at).toISOString().replace('.000Z', 'Z'),
    }))
}
