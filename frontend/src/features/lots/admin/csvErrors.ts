import type { ApiError } from '@/shared/api/errors'
import { hasMessage } from '@/shared/format/i18n'

/** One thing that is wrong with a file of lots: where, and why by a word of the catalogue. */
export interface CsvError {
  line: number | null
  column: string | null
  /** What the file itself calls the column. */
  heading?: string | null
  reason: string
  values: { n?: number; choices?: string }
}

/** What is wrong with the file, in the order of its lines; nothing when something else went wrong. */
export function errorLines(
  problem: ApiError | null,
): { line: number | null; errors: CsvError[] }[] {
  const csvErrors = (problem?.body.faults ?? []) as CsvError[]
  const byLine = new Map<number | null, CsvError[]>()
  for (const error of csvErrors) byLine.set(error.line, [...(byLine.get(error.line) ?? []), error])
  return [...byLine].map(([line, lineErrors]) => ({ line, errors: lineErrors }))
}

/** The message of an error and what fills it, for `t`. `label` names a column that the file does not have. */
export function wordsOf(
  { column, heading, reason, values }: CsvError,
  number: (n: number) => string,
  label: (column: string) => string,
): [string, Record<string, string>] {
  const path = `adminLots.csv.error.${reason}`
  const n = values.n === undefined ? '' : number(values.n)
  return [
    hasMessage(path) ? path : 'adminLots.csv.error.wrong',
    { column: heading ?? label(column ?? ''), n, choices: values.choices ?? '' },
  ]
}
