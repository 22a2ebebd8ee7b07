import { http } from '@/shared/api/http'
import type { Need } from '@/shared/api/types'
import type { ClaimEnvelope, EntryEnvelope, EntryList, Place } from './types'

interface What {
  needs?: Need[]
  vehicle_plate?: string
}
type Window = { booking_type: 'reserved'; reserved_start: string; reserved_end: string }

/** What a user wants to book while it is full. Naive times mean the lot's local time. */
export type FullRequest = What & { lot_id: number } & ({ booking_type: 'instant' } | Window)

/** A place in the queue of these lots. A walk-in waits for so many minutes at most. */
export type JoinRequest = What & { lot_ids: number[] } & (
    { booking_type: 'instant'; for_minutes: number } | Window
  )

const url = (id: number) => `/api/waitlist/${id}`

function positionQuery(request: FullRequest) {
  const { lot_id, needs } = request
  const window =
    request.booking_type === 'reserved'
      ? { from: request.reserved_start, to: request.reserved_end }
      : {}
  return { lot_id, ...window, ...(needs?.length ? { needs: needs.join(',') } : {}) }
}

export const waitlistApi = {
  list: () => http.get<EntryList>('/api/waitlist'),
  one: (id: number) => http.get<EntryEnvelope>(url(id)),
  /** Which place one would get, or has; null where one cannot join or a spot is free. */
  place: (request: FullRequest) =>
    http
      .get<{ waitlist: Place | null }>('/api/waitlist/position', { params: positionQuery(request) })
      .then((answer) => answer.waitlist),
  join: (request: JoinRequest, idempotencyKey: string) =>
    http.post<EntryEnvelope>('/api/waitlist', request, { idempotencyKey }),
  leave: (id: number) => http.delete<EntryEnvelope>(url(id)),
  claim: (id: number, idempotencyKey: string) =>
    http.post<ClaimEnvelope>(`${url(id)}/claim`, {}, { idempotencyKey }),
  decline: (id: number) => http.post<EntryEnvelope>(`${url(id)}/decline`),
}
