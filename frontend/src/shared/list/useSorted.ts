import { computed, ref, toValue, type MaybeRefOrGetter } from 'vue'
import type { Sort } from './columns'

type Value = string | number | null

/** Rows of a list that is there as a whole, sorted by one of these values; null comes last. */
export function useSorted<T>(
  rows: MaybeRefOrGetter<readonly T[]>,
  values: Record<string, (row: T) => Value>,
  initial: Sort,
) {
  const sort = ref(initial)
  const sorted = computed(() => {
    const { key, descending } = sort.value
    const valueOf = values[key]!
    return [...toValue(rows)].sort((a, b) => compare(valueOf(a), valueOf(b), descending))
  })
  return { sort, sorted }
}

function compare(a: Value, b: Value, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a).localeCompare(String(b), undefined, { numeric: true })
  return descending ? -order : order
}
