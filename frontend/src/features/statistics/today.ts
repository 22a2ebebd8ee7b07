import type { AdminStats } from './types'

type Point = AdminStats['curve'][number]

/** A moment of the day with the cars of today and of the same weekday a week before; null where it is not known. */
export interface TodayPoint {
  at: string
  today: number | null
  before: number | null
}

/** Both curves over the clock of the day (`clock` gives the local time of an instant): half-hours in order. */
export function compareDays(
  today: readonly Point[],
  before: readonly Point[],
  clock: (at: string) => string,
): TodayPoint[] {
  const points = new Map<string, TodayPoint>()
  const point = (at: string) => {
    const time = clock(at)
    if (!points.has(time)) points.set(time, { at: time, today: null, before: null })
    return points.get(time)!
  }
  for (const one of before) point(one.at).before = one.occupied
  for (const one of today) point(one.at).today = one.occupied
  return [...points.values()].sort((a, b) => a.at.localeCompare(b.at))
}

/** How many cars more (or fewer) there are than a week before at the last moment that both know. */
export function differenceNow(points: readonly TodayPoint[]): TodayPoint | null {
  return points.findLast(({ today, before }) => today !== null && before !== null) ?? null
}
