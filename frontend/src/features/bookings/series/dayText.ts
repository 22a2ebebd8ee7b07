import { useFormat } from '@/shared/format/format'
import type { Weekday } from './api'
import { dayToName } from './repeat'

/** Days of a series in words. */
export function useDayText() {
  const { tag } = useFormat()
  const written = (at: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(tag.value, { ...options, timeZone: 'UTC' }).format(new Date(at))
  return {
    /** A "YYYY-MM-DD" as times of bookings are written: "Tue 3 Mar". */
    dayText: (day: string) =>
      written(`${day}T12:00:00Z`, { weekday: 'short', day: 'numeric', month: 'short' }),
    /** "Tue, Thu". */
    daysText: (days: readonly Weekday[]) =>
      days.map((one) => written(dayToName(one), { weekday: 'short' })).join(', '),
  }
}
