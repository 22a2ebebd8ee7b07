import { computed, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { SendOptions } from '@/shared/api/http'

/** What a link to a list needs in place of `query: { q }`. `force`: the address may be the same. */
export const searchFor = (q: string) => ({ state: { q }, force: true })

/**
 * The words of a search. They are names, addresses and plates, and addresses of pages stand in logs of
 * servers and proxies; so they belong to the entry of the history, which outlives reloading and going
 * back. `?q=` in an address is taken over, and does not stay there.
 */
export function useSearchWords() {
  const route = useRoute()
  const router = useRouter()
  const path = route.path
  const inAddress = () => (typeof route.query.q === 'string' ? route.query.q : '')
  const words = computed({
    // Each entry of the history makes another route.
    get: () => inAddress() || (route.path === path ? searchWords() : ''),
    set: (q) => void router.replace({ query: { ...route.query, q: undefined }, ...searchFor(q) }),
  })
  watch(
    inAddress,
    (q) => {
      if (q && route.path === path) words.value = q
    },
    { immediate: true },
  )
  return words
}

/** The words that belong to the present entry of the history. */
export function searchWords(): string {
  const state: unknown = history.state
  const { q } = (state ?? {}) as { q?: unknown }
  return typeof q === 'string' ? q : ''
}

type Params = Record<string, string | number | undefined>

/** Parameters as a list of the API takes them: `q` in a header, all others in the address. */
export function searched({ q, ...params }: Params): Pick<SendOptions, 'params' | 'headers'> {
  return { params, headers: q ? { 'X-Search': encodeURIComponent(q) } : {} }
}
