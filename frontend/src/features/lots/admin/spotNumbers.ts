/** As many spots as one request changes. */
export const MOST_SPOTS = 1000

const PART = /^(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?$/

/** The numbers of "3, 10-20", each once and in order; null when it says no such thing, or too many. */
export function spotNumbers(text: string): number[] | null {
  const numbers = new Set<number>()
  for (const part of text.split(/[,;]/).map((one) => one.trim())) {
    const [, first, last = first] = PART.exec(part) ?? []
    const [from, to] = [Number(first), Number(last)]
    if (!(from >= 1 && from <= to && to - from < MOST_SPOTS)) return null
    for (let n = from; n <= to; n++) numbers.add(n)
  }
  return numbers.size > MOST_SPOTS ? null : [...numbers].sort((a, b) => a - b)
}
