import { dayAfter, wallClock, type TimeWindow } from '@/features/bookings/window/windows'
import { isDay } from '@/shared/time/zones'
import type { Preview, SeriesDate, Weekday } from './api'

export const WEEKDAYS: readonly Weekday[] = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su']
export const MOST_DATES = 366

/** The day of the week of a "YYYY-MM-DD". */
export function weekdayOf(day: string): Weekday {
  return WEEKDAYS[(new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7]!
}

/** A Monday, Tuesday, … to be written out in the user's language. */
export const dayToName = (weekday: Weekday): string =>
  `2026-03-0${WEEKDAYS.indexOf(weekday) + 2}T12:00:00Z`

/** A calendar day so many days after a "YYYY-MM-DD". */
export function daysLater(day: string, days: number): string {
  const later = new Date(`${day}T12:00:00Z`)
  later.setUTCDate(later.getUTCDate() + days)
  return later.toISOString().slice(0, 10)
}

/** The wall times of a window that can repeat: it is shorter than a day; null for a longer one. */
export function wallTimes(
  window: TimeWindow,
  timeZone: string,
): { day: string; start: string; end: string } | null {
  const wall = (text: string) =>
    text.endsWith('Z') ? wallClock(new Date(text), timeZone) : text.slice(0, 16)
  const [from, to] = [wall(window.from), wall(window.to)]
  const [day, start] = [from.slice(0, 10), from.slice(11)]
  const end = to.slice(11)
  const isSameDay = to.slice(0, 10) === day && end > start
  const isNextDay = to.slice(0, 10) === dayAfter(day) && end < start
  return isSameDay || isNextDay ? { day, start, end } : null
}

export interface RepeatFields {
  days: Weekday[]
  everyWeeks: number
  ends: 'until' | 'count'
  until: string
  count: string
}

/** The fields as they are before anything is typed: twelve weeks on the day of the window. */
export function newRepeat(day: string): RepeatFields {
  return {
    days: [weekdayOf(day)],
    everyWeeks: 1,
    ends: 'until',
    until: daysLater(day, 12 * 7 - 1),
    count: '12',
  }
}

export type RepeatProblem = 'noDay' | 'noUntil' | 'untilFirst' | 'count'

/** What is wrong with the fields, as the last part of a message's key; null when they can be sent. */
export function repeatProblem(fields: RepeatFields, day: string): RepeatProblem | null {
  if (!fields.days.length) return 'noDay'
  if (fields.ends === 'count') {
    const count = Number(fields.count)
    return Number.isInteger(count) && count >= 1 && count <= MOST_DATES ? null : 'count'
  }
  if (!isDay(fields.until)) return 'noUntil'
  return fields.until < day ? 'untilFirst' : null
}

/** Whether there is nothing to decide about a date. */
const isUsual = ({ status }: SeriesDate) => ['ok', 'other_spot', 'later'].includes(status)

/** The dates that are taken unless the user says otherwise: all about which there is nothing to decide. */
export function usualDates(preview: Preview): string[] {
  return preview.dates.filter(isUsual).map(({ date }) => date)
}

/** So many dates are all shown. */
const FEW_DATES = 6

export interface DateGroup {
  fold: 'free' | 'later' | null
  dates: SeriesDate[]
}

/** The dates as they are shown: of many, those with nothing to decide are folded, the free and the later ones. */
export function dateGroups(dates: readonly SeriesDate[]): DateGroup[] {
  if (dates.length <= FEW_DATES) return [{ fold: null, dates: [...dates] }]
  const usual = dates.filter(isUsual)
  const groups: DateGroup[] = [
    { fold: null, dates: dates.filter((one) => !isUsual(one)) },
    { fold: 'free', dates: usual.filter((one) => !isLater(one)) },
    { fold: 'later', dates: usual.filter(isLater) },
  ]
  return groups.filter((group) => group.dates.length)
}

/** What the accepted dates cost together; whole hundredths, so that nothing drifts. */
export function totalOf(dates: readonly SeriesDate[], accepted: readonly string[]): number {
  const some = dates.filter(({ date }) => accepted.includes(date))
  return some.reduce((sum, one) => sum + Math.round(one.total_cost * 100), 0) / 100
}

/** An accepted date that is too far ahead to be booked now: it has no spot yet. */
export const isLater = (one: SeriesDate): boolean => one.available && one.spot_number === null
