/** What was measured, beside its goal; printed as one table at the end. */
interface Row {
  what: string
  value: number
  unit: string
  /** At most this; for scores at least. */
  goal: number
  atLeast?: boolean
  note?: string
}

const rows: Row[] = []
export const note = (row: Row) => void rows.push(row)

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
/** The nearest-rank quantile. */
export const quantile = (values: readonly number[], part: number) =>
  sorted(values)[Math.max(0, Math.ceil(part * values.length) - 1)] ?? NaN
export const median = (values: readonly number[]) => quantile(values, 0.5)

const met = (row: Row) => (row.atLeast ? row.value >= row.goal : row.value <= row.goal)
const digits = (value: number) =>
  Number.isInteger(value) ? value : value.toFixed(value < 1 ? 3 : 1)

export function table(): string {
  const lines = rows.map((row) => {
    const goal = `${row.atLeast ? '≥' : '≤'} ${row.goal}${row.unit}`
    const mark = met(row) ? 'ok' : '**missed**'
    return `| ${row.what} | ${digits(row.value)}${row.unit} | ${goal} | ${mark} | ${row.note ?? ''} |`
  })
  return ['| what | measured | goal | | |', '|---|---|---|---|---|', ...lines].join('\n')
}

export const missed = () => rows.filter((row) => !met(row)).map((row) => row.what)
