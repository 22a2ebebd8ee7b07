import { http } from '@/shared/http'
import type { AdminBooking, Role } from '@/shared/types'

/** An account as administrators see it. `active_bookings` counts those running or still to come. */
export interface Person {
  id: number
  email: string
  username: string
  roles: Role[]
  active: boolean
  created_at: string
  last_booking_at: string | null
  active_bookings: number
  total_bookings: number
  total_spent: number
  currency: string
}

export interface PersonPage {
  users: Person[]
  next: string | null
  total: number
}

export type PersonChange = Partial<Pick<Person, 'active' | 'roles'>>
type Params = Record<string, string | number | undefined>

export const peopleApi = {
  list: (params: Params) => http.get<PersonPage>('/api/users', { params }),
  one: async (id: number) => (await http.get<{ user: Person }>(`/api/users/${id}`)).user,
  change: async (id: number, change: PersonChange) =>
    (await http.patch<{ user: Person }>(`/api/users/${id}`, change)).user,
  bookings: async (id: number, limit: number) =>
    (
      await http.get<{ bookings: AdminBooking[] }>('/api/admin/bookings', {
        params: { user_id: id, limit },
      })
    ).bookings,
}
