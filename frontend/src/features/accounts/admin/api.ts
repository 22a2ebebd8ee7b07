import { http } from '@/shared/api/http'
import type { AdminBooking, Person, Schema } from '@/shared/api/types'

export type { Person }
export type PersonChange = Partial<Pick<Person, 'active' | 'roles'>>
type Params = Record<string, string | number | undefined>

export const peopleApi = {
  list: (params: Params) => http.get<Schema<'Users'>>('/api/users', { params }),
  one: async (id: number) => (await http.get<{ user: Person }>(`/api/users/${id}`)).user,
  change: async (id: number, change: PersonChange) =>
    (await http.patch<{ user: Person }>(`/api/users/${id}`, change)).user,
  signIns: async (id: number) =>
    (await http.get<Schema<'SignInsAnswer'>>(`/api/users/${id}/sessions`)).sign_ins,
  signOut: (id: number) => http.delete<Schema<'SignedOut'>>(`/api/users/${id}/sessions`),
  bookings: async (id: number, limit: number) =>
    (
      await http.get<{ bookings: AdminBooking[] }>('/api/admin/bookings', {
        params: { user_id: id, limit },
      })
    ).bookings,
}
