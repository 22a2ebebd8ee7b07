import { http } from '@/shared/api/http'
import type {
  Booking,
  BookingEnvelope,
  BookingPage,
  Need,
  Quote,
  Receipt,
  Schema,
} from '@/shared/api/types'

export interface BookingFilters {
  status?: string
  lot_id?: number
  from?: string
  to?: string
  from_day?: string
  to_day?: string
  limit?: number
  cursor?: string
}

/** What a user wants to book. Naive times mean the lot's local time. */
export type BookRequest = {
  lot_id: number
  spot_id?: number
  vehicle_plate?: string
  needs?: Need[]
} & (
  | { booking_type: 'instant' }
  | { booking_type: 'reserved'; reserved_start: string; reserved_end: string }
)

export type Released = Schema<'ReleasedOut'>

export const bookingsApi = {
  list: (filters: BookingFilters) => http.get<BookingPage>('/api/bookings', { params: filters }),
  one: (id: number) => http.get<BookingEnvelope>(`/api/bookings/${id}`),
  book: (request: BookRequest, idempotencyKey: string) =>
    http.post<BookingEnvelope>('/api/book', request, { idempotencyKey }),
  release: (id: number, idempotencyKey: string, owner: number) =>
    http.post<Released>(`/api/release/${id}`, {}, { idempotencyKey, owner }),
  cancel: (id: number) => http.post<BookingEnvelope>(`/api/bookings/${id}/cancel`),
  extend: (id: number, by: { minutes: number } | { until: string }) =>
    http.post<BookingEnvelope>(`/api/bookings/${id}/extend`, by),
  checkIn: (id: number) => http.post<BookingEnvelope>(`/api/bookings/${id}/check-in`),
  calendar: (id: number) => http.blob(`/api/bookings/${id}/calendar.ics`),
  receipt: (id: number) =>
    http.get<{ receipt: Receipt }>(`/api/bookings/${id}/receipt`).then((a) => a.receipt),
  quote: (lotId: number, from: string, to: string) =>
    http
      .get<{ quote: Quote }>('/api/quote', { params: { lot_id: lotId, from, to } })
      .then((answer) => answer.quote),
}

/** A user's bookings that run or are to come, the next one first; of those to come of a series the next one alone. */
export async function openBookings(): Promise<{ bookings: Booking[]; server_time: string }> {
  const [active, reserved] = await Promise.all([
    bookingsApi.list({ status: 'Active', limit: 50 }),
    bookingsApi.list({ status: 'Reserved', limit: 1000 }),
  ])
  const byStart = (a: Booking, b: Booking) => a.start_time.localeCompare(b.start_time)
  const series = new Set<number>()
  const isNext = ({ series_id: id }: Booking) => !id || (!series.has(id) && series.add(id))
  return {
    bookings: [...active.bookings.sort(byStart), ...reserved.bookings.sort(byStart).filter(isNext)],
    server_time: reserved.server_time,
  }
}
