/** What an audit entry changed, field by field. Pure. */
export interface Change {
  field: string
  /** Null where there was, or is, nothing. */
  from: unknown
  to: unknown
}

type Values = Record<string, unknown> | null

/** The filters of an export are fields like any other. */
function flat(values: Values): Record<string, unknown> {
  const { filters, ...same } = values ?? {}
  return { ...same, ...(filters as Values) }
}

/** The fields of both sides in the order of their first mention, without those that stayed. */
export function changes(before: Values, after: Values): Change[] {
  const [was, is] = [flat(before), flat(after)]
  const fields = new Set([...Object.keys(was), ...Object.keys(is)])
  return [...fields]
    .map((field) => ({ field, from: was[field] ?? null, to: is[field] ?? null }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to))
}

/**
 * The code of a reason that the program wrote into a booking; null for what people typed. `object` is the name of the
 * booking: "K7QF-2M9X · Harbour · 3".
 */
export function reasonCode(
  reason: string,
  object: string | null,
): 'not_free' | 'lot_closed' | null {
  if (reason === 'The spot was not free in time.') return 'not_free'
  const lot = /^(.+) has closed\.$/.exec(reason)?.[1]
  return lot && object?.includes(` · ${lot} · `) ? 'lot_closed' : null
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/

export type DisplayValue =
  | { kind: 'nothing' | 'yes' | 'no' }
  | { kind: 'instant'; at: string }
  | { kind: 'money'; amount: number }
  | { kind: 'seconds'; seconds: number }
  | { kind: 'words'; words: string[] }

/** How a value is to be shown; words and times are written in the reader's language by the caller. */
export function displayValue(value: unknown, field = ''): DisplayValue {
  if (value === null || value === undefined || value === '') return { kind: 'nothing' }
  if (value === true) return { kind: 'yes' }
  if (value === false) return { kind: 'no' }
  if (typeof value === 'string')
    return INSTANT.test(value) ? { kind: 'instant', at: value } : { kind: 'words', words: [value] }
  if (typeof value === 'number' && field.endsWith('_minor'))
    return { kind: 'money', amount: value / 100 }
  if (typeof value === 'number' && field.endsWith('_s')) return { kind: 'seconds', seconds: value }
  if (Array.isArray(value)) return { kind: 'words', words: value.map(String) }
  return { kind: 'words', words: [JSON.stringify(value)] }
}
