import { useFormat } from '@/shared/format/format'
import type { Weekday } from './api'
import { dayToName } from './repeat'

/** Days of a series in words. */
export function useDayText() {
  const { tag } = useFormat()
  const weekday = (at: string) =>
    new Intl.DateTimeFormat(tag.value, { weekday: 'short', timeZone: 'UTC' }).format(new Date(at))
  return {
    /** "Tue, Thu". */
    daysText: (days: readonly Weekday[]) => days.map((one) => weekday(dayToName(one))).join(', '),
  }
}
