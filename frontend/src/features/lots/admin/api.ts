import { http } from '@/shared/api/http'
import type { Lot, Schema } from '@/shared/api/types'
import type { LotBody } from './lotForm'

/** A booking that stands in the way of what the administrator wants. */
export interface Blocker {
  booking_id: number
  /** "out of service" where no booking but a closed spot is in the way. */
  reference: string
  spot_number: number
  status: string
  user_email: string
  start_time: string
  end_time: string | null
}

/** The server names no more of them than this. */
export const MOST_BLOCKERS_NAMED = 20

type LotMessage = Schema<'LotMessage'>
export type SpotChange = Partial<Schema<'SpotEdit'>>

/** A saved lot, and the numbers of the spots that a smaller capacity took. */
export interface SavedLot {
  lot: Lot
  removed: number[]
}

export const adminLotsApi = {
  create: (body: LotBody, idempotencyKey: string) =>
    http.post<LotMessage>('/api/lots', body, { idempotencyKey }).then((answer) => answer.lot),
  /** Changes the lot if it still is at `version`; 412 with the present lot as `current` otherwise. */
  update: (id: number, body: LotBody, version: number, confirmTimezone = false) =>
    http
      .put<Schema<'LotSaved'>>(`/api/lots/${id}`, body, {
        ifMatch: `"${version}"`,
        params: confirmTimezone ? { confirm_timezone: true } : {},
      })
      .then(({ lot, removed_spots }): SavedLot => ({ lot, removed: removed_spots })),
  remove: (id: number, cancelReservations: boolean) =>
    http.delete<{ message: string }>(`/api/lots/${id}`, {
      params: { cancel_reservations: cancelReservations },
    }),
  restore: (id: number) =>
    http.post<LotMessage>(`/api/lots/${id}/restore`).then((answer) => answer.lot),
  /** All lots of a CSV file, or none; in `timezone` where they name none. A dry run makes nothing. */
  importCsv: (file: Blob, timezone: string, dryRun: boolean) =>
    http
      .post<Schema<'LotsMessage'>>('/api/lots/import', file, {
        params: { dry_run: dryRun, timezone },
        headers: { 'Content-Type': 'text/csv' },
      })
      .then(({ lots, dialect }) => ({ lots, dialect })),
  changeSpots: (lotId: number, change: SpotChange & { numbers: number[] }) =>
    http.patch<Schema<'SpotsMessage'>>(`/api/lots/${lotId}/spots`, change),
  changeSpot: (id: number, change: SpotChange) =>
    http.patch<Schema<'SpotMessage'>>(`/api/spots/${id}`, change).then((answer) => answer.spot),
}
