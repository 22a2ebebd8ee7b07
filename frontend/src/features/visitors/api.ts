import { http } from '@/shared/api/http'
import type { BookingEnvelope, Locale, Schema } from '@/shared/api/types'

/** A booking as its visitor sees it, by the link of their email. */
export type VisitorBooking = Schema<'VisitorBookingOut'>

/** For whom a spot is booked; without a window from now on. Naive times mean the lot's local time. */
export interface VisitorRequest {
  name: string
  email?: string
  vehicle_plate?: string
  reserved_start?: string
  reserved_end?: string
  locale?: Locale
}

const LINK = '/api/visitors/booking'

export const visitorsApi = {
  book: (lotId: number, request: VisitorRequest, idempotencyKey: string) =>
    http.post<BookingEnvelope>(`/api/lots/${lotId}/visitors`, request, { idempotencyKey }),
  show: (token: string) =>
    http.post<{ booking: VisitorBooking }>(LINK, { token }).then((answer) => answer.booking),
  cancel: (token: string) =>
    http
      .post<{ booking: VisitorBooking }>(`${LINK}/cancel`, { token })
      .then((answer) => answer.booking),
}
