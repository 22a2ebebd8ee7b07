import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'

export type Notice = Schema<'NoticeOut'>
export type NoticePage = Schema<'NoticesOut'>

/** Notices of a page of the list. */
const PAGE = 20

export const noticesApi = {
  list: (cursor?: string) =>
    http.get<NoticePage>('/api/notices', { params: { limit: PAGE, cursor } }),
  dismiss: (id: number) => http.post<{ message: string }>(`/api/notices/${id}/dismiss`),
}
