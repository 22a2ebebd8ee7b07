/** Calendar days of a zone as instants: a day there may have 23, 24 or 25 hours. */
const DAY_MS = 86_400_000

const UNKNOWN = 'Etc/Unknown'
const validity = new Map<string, boolean>()

/** Whether this browser can tell the time of a zone. */
export function isKnownZone(zone: string): boolean {
  let answer = validity.get(zone)
  if (answer === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone })
      answer = zone !== UNKNOWN && zone !== ''
    } catch {
      answer = false
    }
    validity.set(zone, answer)
  }
  return answer
}

/** A zone that Intl takes: the one named, or UTC where this browser does not know it. */
export const safeZone = (zone: string): string => (isKnownZone(zone) ? zone : 'UTC')

/** The zones to choose from; none in a browser that cannot tell. */
export const knownZones = (): string[] => Intl.supportedValuesOf?.('timeZone') ?? []

/** Whether the text names a day that exists: "2026-02-28". */
export function isDay(text: unknown): text is string {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** Milliseconds by which a zone is ahead of UTC at an instant. */
function zoneOffsetMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: safeZone(timeZone),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  const wall = Date.UTC(
    of('year'),
    of('month') - 1,
    of('day'),
    of('hour'),
    of('minute'),
    of('second'),
  )
  return wall - Math.floor(at / 1000) * 1000
}

/** The instant at which the zone's next calendar day begins. */
export function nextMidnight(at: number, timeZone: string): number {
  const wall = at + zoneOffsetMs(at, timeZone)
  const wallMidnight = (Math.floor(wall / DAY_MS) + 1) * DAY_MS
  const guess = wallMidnight - zoneOffsetMs(wallMidnight - zoneOffsetMs(at, timeZone), timeZone)
  return guess > at ? guess : guess + DAY_MS
}

/** The instant at which a calendar day ("2026-03-02") begins in a zone. */
export function startOfDay(day: string, timeZone: string): Date {
  // Noon of the day before is on that day in every zone, whatever its clocks do at night.
  const noonBefore = Date.parse(`${day}T12:00:00Z`) - DAY_MS
  return new Date(nextMidnight(noonBefore - zoneOffsetMs(noonBefore, timeZone), timeZone))
}
