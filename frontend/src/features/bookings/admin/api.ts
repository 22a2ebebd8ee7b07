import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'
import { searched } from '@/shared/list/search/useSearchWords'

export type AdminEnded = Schema<'AdminBookedOut'>

/** What an administrator can do to somebody else's booking. */
export type Ending = 'release' | 'cancel'

export const adminBookingsApi = {
  list: (params: Record<string, string | number | undefined>, signal?: AbortSignal) =>
    http.get<Schema<'AdminBookingsOut'>>('/api/admin/bookings', { ...searched(params), signal }),
  /** What a list comes to on all its pages. */
  totals: async (params: Record<string, string>) =>
    (
      await http.get<{ totals: Schema<'AdminTotalsOut'> }>(
        '/api/admin/bookings/totals',
        searched(params),
      )
    ).totals,
  /** Checks a driver in who has arrived. */
  checkIn: (id: number) => http.post<AdminEnded>(`/api/admin/bookings/${id}/check-in`, {}),
  /** Ends somebody's stay or reservation; the reason is told to its owner. */
  end: (id: number, how: Ending, reason: string) =>
    http.post<AdminEnded>(`/api/admin/bookings/${id}/${how}`, { reason }),
}
