import { displayTimezone, displayZoneKnown } from '@/shared/browser/preferences'
import { sameClock } from '@/shared/format/format'
import { isKnownZone } from '@/shared/time/zones'

/** The name of a lot's zone, for a time that stands without it; null where the page has the same clock then. */
export function otherZone(zone: string, at: string | Date): string | null {
  const same =
    displayZoneKnown.value && isKnownZone(zone) && sameClock(at, zone, displayTimezone.value)
  return same ? null : zone.replaceAll('_', ' ')
}
