import { addDays, type Period } from './periods'

/** Calendar months as YYYY-MM. Pure. */
export const isMonth = (text: unknown): text is string =>
  typeof text === 'string' && /^(19[89]\d|2\d{3})-(0[1-9]|1[0-2])$/.test(text)

export const monthOf = (day: string): string => day.slice(0, 7)

export const monthBefore = (month: string): string => monthOf(addDays(`${month}-01`, -1))
export const monthAfter = (month: string): string => monthOf(addDays(`${month}-01`, 31))

/** Its first and last day. */
export function daysOf(month: string): Period {
  return { from: `${month}-01`, to: addDays(`${monthAfter(month)}-01`, -1) }
}

/** From `last` back to `first`, both included. */
export function monthsBack(last: string, first: string): string[] {
  const months: string[] = []
  for (let month = last; month >= first; month = monthBefore(month)) months.push(month)
  return months
}
