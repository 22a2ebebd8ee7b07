import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { factorApi } from './api'

const KEY = ['account', 'second-factor']

/** One's own second factor; `changed` reads it again. */
export function useSecondFactor() {
  const client = useQueryClient()
  const query = useQuery({ queryKey: KEY, queryFn: factorApi.show })
  return { query, changed: () => client.invalidateQueries({ queryKey: KEY }) }
}
