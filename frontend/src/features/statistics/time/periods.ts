import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { isDay } from '@/shared/time/zones'

/** Periods of the metrics: whole days as YYYY-MM-DD, first and last included. Pure. */
export interface Period {
  from: string
  to: string
}

export const PRESETS = [
  'today',
  'yesterday',
  'last7',
  'last30',
  'thisMonth',
  'lastMonth',
  'thisYear',
] as const
export type Preset = (typeof PRESETS)[number]
export const DEFAULT_PRESET: Preset = 'last30'

const DAY_MS = 86_400_000
const asDate = (day: string) => new Date(`${day}T00:00:00Z`)
const asText = (date: Date) => date.toISOString().slice(0, 10)

export function addDays(day: string, count: number): string {
  return asText(new Date(asDate(day).getTime() + count * DAY_MS))
}

/** The days a preset stands for, seen from `today`. */
export function periodOf(preset: Preset, today: string): Period {
  const month = `${today.slice(0, 7)}-01`
  const lastMonth = addDays(month, -1)
  const periods: Record<Preset, Period> = {
    today: { from: today, to: today },
    yesterday: { from: addDays(today, -1), to: addDays(today, -1) },
    last7: { from: addDays(today, -7), to: addDays(today, -1) },
    last30: { from: addDays(today, -30), to: addDays(today, -1) },
    thisMonth: { from: month, to: today },
    lastMonth: { from: `${lastMonth.slice(0, 7)}-01`, to: lastMonth },
    thisYear: { from: `${today.slice(0, 4)}-01-01`, to: today },
  }
  return periods[preset]
}

/** What the analytics page shows; it lives in the address. */
export interface Choice {
  preset: Preset | 'custom'
  from: string
  to: string
  lot: string
}

export function choiceFromQuery(query: LocationQuery, today: string): Choice {
  const lot = typeof query.lot === 'string' && /^\d{1,15}$/.test(query.lot) ? query.lot : ''
  if (isDay(query.from) && isDay(query.to) && query.from <= query.to)
    return { preset: 'custom', from: query.from, to: query.to, lot }
  const preset = PRESETS.find((one) => one === query.period) ?? DEFAULT_PRESET
  return { preset, ...periodOf(preset, today), lot }
}

export function queryFromChoice(choice: Choice): LocationQueryRaw {
  const period =
    choice.preset === 'custom'
      ? { from: choice.from, to: choice.to }
      : choice.preset === DEFAULT_PRESET
        ? {}
        : { period: choice.preset }
  return { ...period, ...(choice.lot && { lot: choice.lot }) }
}
