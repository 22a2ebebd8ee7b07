import type { Schema } from '@/shared/api/types'

/** How the server read a CSV file. */
export type CsvDialect = Schema<'DialectOut'>

const SEPARATORS = { ',': 'comma', ';': 'semicolon', '\t': 'tab' } as const
const DECIMALS = { ',': 'comma', '.': 'point' } as const
const ENCODINGS: Record<string, string> = {
  'utf-8': 'UTF-8',
  'utf-16-le': 'UTF-16',
  'utf-16-be': 'UTF-16',
  'windows-1252': 'Windows-1252',
}

/** Key and values of the sentence that says it, e.g. "Read as UTF-8, separated by semicolons, …". */
export function readAs(
  { encoding, separator, decimal }: CsvDialect,
  t: (key: string) => string,
): [string, Record<string, string>] {
  const values = {
    encoding: ENCODINGS[encoding] ?? encoding,
    separator: t(`adminLots.csv.sign.${SEPARATORS[separator]}`),
  }
  if (!decimal) return ['adminLots.csv.read', values]
  const sign = t(`adminLots.csv.decimal.${DECIMALS[decimal]}`)
  return ['adminLots.csv.readDecimal', { ...values, decimal: sign }]
}
