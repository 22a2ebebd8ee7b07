import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'

export type SearchAnswer = Schema<'SearchOut'>
export type BookingMatch = Schema<'BookingMatch'>

export const searchApi = {
  find: (q: string, signal?: AbortSignal) =>
    http.get<SearchAnswer>('/api/admin/search', { params: { q }, signal }),
}
