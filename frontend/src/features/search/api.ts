import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'
import { searched } from '@/shared/list/search/useSearchWords'

export type SearchAnswer = Schema<'SearchOut'>
export type BookingMatch = Schema<'BookingMatch'>

export const searchApi = {
  find: (q: string, signal?: AbortSignal) =>
    http.get<SearchAnswer>('/api/admin/search', { ...searched({ q }), signal }),
}
