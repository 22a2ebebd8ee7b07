import { http } from '@/shared/api/http'
import type { AdminBooking, ListedUser, Schema } from '@/shared/api/types'
import { searched } from '@/shared/list/search/useSearchWords'

export type { ListedUser }
export type UserChange = Partial<Pick<ListedUser, 'active' | 'roles'>>
type Params = Record<string, string | number | undefined>

export const usersApi = {
  list: (params: Params) => http.get<Schema<'Users'>>('/api/users', searched(params)),
  one: async (id: number) => (await http.get<{ user: ListedUser }>(`/api/users/${id}`)).user,
  change: async (id: number, change: UserChange) =>
    (await http.patch<{ user: ListedUser }>(`/api/users/${id}`, change)).user,
  signIns: async (id: number) =>
    (await http.get<Schema<'SignInsAnswer'>>(`/api/users/${id}/sessions`)).sign_ins,
  signOut: (id: number) => http.delete<Schema<'SignedOut'>>(`/api/users/${id}/sessions`),
  resetFactor: (id: number) => http.delete<Schema<'Message'>>(`/api/users/${id}/second-factor`),
  bookings: async (id: number, limit: number) =>
    (
      await http.get<{ bookings: AdminBooking[] }>('/api/admin/bookings', {
        params: { user_id: id, limit },
      })
    ).bookings,
}
