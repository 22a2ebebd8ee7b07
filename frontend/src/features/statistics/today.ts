import type { AdminStats } from './types'

type Point = AdminStats['curve'][number]

/** A moment of the day with the cars of today and of the same weekday a week before; null where it is not known. */
export interface TodayPoint {
  at: string
  today: number | null
  before: number | null
}

/** A local day (YYYY-MM-DD) and its half-hours; beside them there may be some of the days next to it. */
interface DayCurve {
  day: string
  curve: readonly Point[]
}

/**
 * Both curves over the clock of the day: half-hours in order. `local` gives the local day and time
 * of an instant. The lots' own days begin at other instants, and what lies outside of the day here
 * is left out.
 */
export function compareDays(
  today: DayCurve,
  before: DayCurve,
  local: (at: string) => { day: string; time: string },
): TodayPoint[] {
  const points = new Map<string, TodayPoint>()
  const add = ({ day, curve }: DayCurve, name: 'today' | 'before') => {
    for (const { at, occupied } of curve) {
      const { day: own, time } = local(at)
      if (own !== day) continue
      if (!points.has(time)) points.set(time, { at: time, today: null, before: null })
      points.get(time)![name] = occupied
    }
  }
  add(before, 'before')
  add(today, 'today')
  return [...points.values()].sort((a, b) => a.at.localeCompare(b.at))
}

/** How many cars more (or fewer) there are than a week before at the last moment that both know. */
export function differenceNow(points: readonly TodayPoint[]): TodayPoint | null {
  return points.findLast(({ today, before }) => today !== null && before !== null) ?? null
}
