import type { AdminStats } from './types'

/** What a chart shows, said in one sentence: the key of the sentence and what fills it. Pure. */
export interface Insight {
  key: string
  /** Numbers as they are; the caller writes them in the reader's language. */
  details: Record<string, string | number>
}

const none = (key: string): Insight => ({ key: `statistics.insight.${key}`, details: {} })
const insight = (key: string, details: Insight['details']): Insight => ({
  key: `statistics.insight.${key}`,
  details,
})

function highest<T>(items: readonly T[], value: (item: T) => number): T | null {
  let best: T | null = null
  for (const item of items)
    if (value(item) > 0 && (best === null || value(item) > value(best))) best = item
  return best
}

export function occupancyInsight(stats: AdminStats): Insight {
  const point = highest(stats.curve, (p) => p.occupied)
  if (point) return insight('fullestAt', { at: point.at, cars: point.occupied })
  const day = highest(stats.days, (d) => d.occupancy_percent)
  return day
    ? insight('fullestDay', { day: day.day, percent: day.occupancy_percent })
    : none('noOccupancy')
}

export function revenueInsight(stats: AdminStats): Insight {
  const lot = highest(stats.lots, (one) => one.revenue)
  if (!lot) return none('noRevenue')
  if (stats.lots.length === 1) return insight('onlyLot', { lot: lot.name, money: lot.revenue })
  const all = stats.lots.reduce((sum, one) => sum + one.revenue, 0)
  return insight('topLot', { lot: lot.name, percent: (100 * lot.revenue) / all })
}

export function heatInsight(stats: AdminStats): Insight {
  const cells = stats.hours.flatMap((line, weekday) =>
    line.map((percent, hour) => ({ weekday, hour, percent: percent ?? 0 })),
  )
  const cell = highest(cells, (one) => one.percent)
  return cell ? insight('busiestHour', cell) : none('noOccupancy')
}

export function stayInsight(stats: AdminStats): Insight {
  const median = stats.figures.find((one) => one.name === 'median_stay')?.value
  return median === null || median === undefined
    ? none('noStays')
    : insight('halfStays', { minutes: median })
}

export function typeInsight(stats: AdminStats): Insight {
  const instant = stats.days.reduce((sum, day) => sum + day.instant, 0)
  const all = stats.days.reduce((sum, day) => sum + day.bookings, 0)
  if (!all) return none('noBookings')
  return instant * 2 >= all
    ? insight('instantShare', { percent: (100 * instant) / all })
    : insight('reservedShare', { percent: (100 * (all - instant)) / all })
}

/** The change to the period before. `share` is null where nothing was there to compare with. */
export function change(
  value: number | null,
  previous: number | null,
): { difference: number; share: number | null } | null {
  if (value === null || previous === null) return null
  return {
    difference: value - previous,
    share: previous ? (value - previous) / Math.abs(previous) : null,
  }
}
