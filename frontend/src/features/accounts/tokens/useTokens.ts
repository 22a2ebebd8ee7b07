import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { tokensApi } from './api'

const KEY = ['account', 'tokens']

/** One's own API tokens; `changed` reads them again. */
export function useTokens() {
  const client = useQueryClient()
  const query = useQuery({ queryKey: KEY, queryFn: tokensApi.list })
  return { query, changed: () => client.invalidateQueries({ queryKey: KEY }) }
}

/** The names of all lots by their ids, read once `needed()` is true. */
export function useLotNames(needed: () => boolean) {
  return useQuery({
    queryKey: [...KEY, 'lots'],
    queryFn: tokensApi.lots,
    enabled: needed,
    staleTime: 60_000,
  })
}
