import type { ApiError } from '@/shared/api/errors'
import { hasMessage } from '@/shared/format/i18n'

/** One thing that is wrong with a file of lots: where, and why by a word of the catalogue. */
export interface CsvFault {
  line: number | null
  column: string | null
  reason: string
  values: { n?: number; choices?: string }
}

/** What is wrong with the file, in the order of its lines; nothing when something else went wrong. */
export function faultLines(
  problem: ApiError | null,
): { line: number | null; faults: CsvFault[] }[] {
  const faults = (problem?.body.faults ?? []) as CsvFault[]
  const byLine = new Map<number | null, CsvFault[]>()
  for (const fault of faults) byLine.set(fault.line, [...(byLine.get(fault.line) ?? []), fault])
  return [...byLine].map(([line, lineFaults]) => ({ line, faults: lineFaults }))
}

/** The message of a fault and what fills it, for `t`. */
export function wordsOf(
  { column, reason, values }: CsvFault,
  number: (n: number) => string,
): [string, Record<string, string>] {
  const path = `adminLots.csv.fault.${reason}`
  const n = values.n === undefined ? '' : number(values.n)
  return [
    hasMessage(path) ? path : 'adminLots.csv.fault.wrong',
    { column: column ?? '', n, choices: values.choices ?? '' },
  ]
}
