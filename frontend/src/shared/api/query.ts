import { QueryClient } from '@tanstack/vue-query'
import { asApiError } from './errors'

/** Asks again only where asking again can help. */
function worthRetrying(failures: number, thrown: unknown): boolean {
  const { status } = asApiError(thrown)
  return failures < 2 && (status === 503 || status === 0)
}

/** The one cache of what the server said. Emptied at sign-out: nothing of one user is shown to the next. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 15_000, retry: worthRetrying, networkMode: 'always' },
    mutations: { retry: false, networkMode: 'always' },
  },
})
