import { http } from '@/shared/api/http'
import type { Availability, Lot, Need, PublicLot, Schema } from '@/shared/api/types'

export type LotAndSpots = Schema<'SpotsOut'>

const needed = (needs: readonly Need[]) => (needs.length ? { needs: needs.join(',') } : {})

export const lotsApi = {
  list: () =>
    http.get<{ lots: Lot[] }>('/api/lots', { params: { limit: 1000 } }).then((a) => a.lots),
  publicList: () => http.get<{ lots: PublicLot[] }>('/api/public/lots').then((a) => a.lots),
  /** How many spots of a lot have these features, and how many of them are free. */
  matching: (id: number, needs: readonly Need[]) =>
    http
      .get<{ lot: Lot }>(`/api/lots/${id}`, { params: needed(needs) })
      .then((answer) => answer.lot.matching),
  /** The same of every lot, by its id. */
  matchingOfAll: (needs: readonly Need[]) =>
    http
      .get<{ lots: Lot[] }>('/api/lots', { params: { limit: 1000, ...needed(needs) } })
      .then((answer) => new Map(answer.lots.map((lot) => [lot.id, lot.matching]))),
  one: (id: number) => http.get<{ lot: Lot }>(`/api/lots/${id}`).then((a) => a.lot),
  spots: (lotId: number) => http.get<LotAndSpots>(`/api/spots/${lotId}`),
  /** Free spots over a window; the times may be naive and then mean the lot's local time. */
  availability: (lotId: number, from: string, to: string, needs: readonly Need[] = []) =>
    http
      .get<{ availability: Availability }>(`/api/lots/${lotId}/availability`, {
        params: { from, to, ...needed(needs) },
      })
      .then((answer) => answer.availability),
}
