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
  username?: string
  visitor_name?: string | null
  start_time: string
  end_time: string | null
  /** Where a closure is refused: the spot to which the booking could be moved; null when there is none. */
  move_to?: { spot_id: number; spot_number: number } | null
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

const moving = (move: boolean) => (move ? { move: true } : {})

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
  /** With `move`, bookings in the way of a closure are moved to other spots: all of them, or none. */
  changeSpots: (lotId: number, change: SpotChange & { numbers: number[] }, move = false) =>
    http.patch<Schema<'SpotsMessage'>>(`/api/lots/${lotId}/spots`, change, {
      params: moving(move),
    }),
  changeSpot: (id: number, change: SpotChange, move = false) =>
    http
      .patch<Schema<'SpotMessage'>>(`/api/spots/${id}`, change, { params: moving(move) })
      .then((answer) => answer.spot),
  withdrawClosure: (spotId: number, id: number) =>
    http
      .delete<Schema<'SpotMessage'>>(`/api/spots/${spotId}/closures/${id}`)
      .then((answer) => answer.spot),
}
