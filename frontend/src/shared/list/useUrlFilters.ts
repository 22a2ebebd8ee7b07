import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { searchFor, useSearchWords } from './search/useSearchWords'

/**
 * A list's filters, kept in the page's address: they survive reloading and going back, and can be
 * sent to a colleague. The words of a search (`q`) survive, too, but stand in no address. An empty text
 * means "not filtered by this".
 */
export function useUrlFilters<K extends string>(names: readonly K[]) {
  const route = useRoute()
  const router = useRouter()
  const words = (names as readonly string[]).includes('q') ? useSearchWords() : null
  const textOf = (name: K) => {
    const value = name === 'q' ? words?.value : route.query[name]
    return typeof value === 'string' ? value : ''
  }
  const filters = computed(
    () => Object.fromEntries(names.map((name) => [name, textOf(name)])) as Record<K, string>,
  )
  /** Only what is set, as the API takes it. */
  const params = computed(() => withoutEmpty(filters.value))
  const active = computed(() => Object.keys(params.value).length > 0)

  function set(change: Partial<Record<K, string>>): void {
    const { q, ...others } = change as Record<string, string>
    const query = withoutEmpty({ ...route.query, ...others })
    void router.replace(q === undefined ? { query } : { query, ...searchFor(q) })
  }
  const clear = () =>
    set(Object.fromEntries(names.map((name) => [name, ''])) as Partial<Record<K, string>>)
  return { filters, params, active, set, clear }
}

/** Without the members that say nothing. */
export function withoutEmpty<T>(values: Record<string, T>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== '' && value !== undefined),
  )
}
