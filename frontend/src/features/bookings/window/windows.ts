import { isKnownZone, safeZone } from '@/shared/time/zones'

/**
 * The times a user can reserve with one tap. Naive texts ("2026-03-02T09:00") are the lot's wall
 * clock, which is what people mean; the server turns them into instants.
 */
export interface TimeWindow {
  from: string
  to: string
}

export type PresetKey = 'soon' | 'evening' | 'tomorrowMorning' | 'tomorrow'

export interface Preset extends TimeWindow {
  key: PresetKey
}

/** The lot's wall clock at an instant as "YYYY-MM-DDTHH:MM". */
export function wallClock(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: safeZone(timeZone),
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(at)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return `${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}`
}

/** The calendar day after a "YYYY-MM-DD". */
export function dayAfter(day: string): string {
  const next = new Date(`${day}T12:00:00Z`)
  next.setUTCDate(next.getUTCDate() + 1)
  return next.toISOString().slice(0, 10)
}

const QUARTER_MS = 15 * 60_000
const nextQuarter = (at: Date) =>
  new Date(Math.ceil((at.getTime() + 60_000) / QUARTER_MS) * QUARTER_MS)
const iso = (at: Date) => at.toISOString().replace('.000Z', 'Z')

/** Presets that still make sense at `now` in the lot's zone. */
export function presets(now: Date, timeZone: string): Preset[] {
  const soon = nextQuarter(now)
  const local = wallClock(soon, timeZone)
  const today = local.slice(0, 10)
  const tomorrow = dayAfter(wallClock(now, timeZone).slice(0, 10))
  const all: Preset[] = [
    { key: 'soon', from: iso(soon), to: iso(new Date(soon.getTime() + 2 * 3_600_000)) },
    { key: 'evening', from: iso(soon), to: `${today}T18:00` },
    { key: 'tomorrowMorning', from: `${tomorrow}T08:00`, to: `${tomorrow}T12:00` },
    { key: 'tomorrow', from: `${tomorrow}T09:00`, to: `${tomorrow}T17:00` },
  ]
  const afternoon = local.slice(11) < '17:00' && today === wallClock(now, timeZone).slice(0, 10)
  return afternoon ? all : all.filter((preset) => preset.key !== 'evening')
}

/**
 * The window as the server understands it. The wall clock of a zone that this browser does not
 * know was shown in UTC, so that is what is sent.
 */
export function asSent(window: TimeWindow, timeZone: string): TimeWindow {
  if (isKnownZone(timeZone)) return window
  const instant = (text: string) => (text.endsWith('Z') ? text : `${text}:00Z`)
  return { from: instant(window.from), to: instant(window.to) }
}

export type WindowProblem = 'noStart' | 'noEnd' | 'endFirst' | 'past'

/** What is wrong with a window typed by hand, as the last part of a message's key; null when it can be asked for. */
export function windowProblem(
  window: TimeWindow,
  now: Date,
  timeZone: string,
): WindowProblem | null {
  if (!window.from) return 'noStart'
  if (!window.to) return 'noEnd'
  if (window.to <= window.from) return 'endFirst'
  if (window.from < wallClock(now, timeZone)) return 'past'
  return null
}
