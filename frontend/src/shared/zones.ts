/** Calendar days of a zone as instants: a day there may have 23, 24 or 25 hours. */
const DAY_MS = 86_400_000

/** Milliseconds by which a zone is ahead of UTC at an instant. */
function zoneOffsetMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
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
