import { http } from '@/shared/api/http'
import type { Availability, Lot, PublicLot, Schema } from '@/shared/api/types'

export type LotAndSpots = Schema<'SpotsOut'>

export const lotsApi = {
  list: () =>
    http.get<{ lots: Lot[] }>('/api/lots', { params: { limit: 1000 } }).then((a) => a.lots),
  publicList: () => http.get<{ lots: PublicLot[] }>('/api/public/lots').then((a) => a.lots),
  one: (id: number) => http.get<{ lot: Lot }>(`/api/lots/${id}`).then((a) => a.lot),
  spots: (lotId: number) => http.get<LotAndSpots>(`/api/spots/${lotId}`),
  /** Free spots over a window; the times may be naive and then mean the lot's local time. */
  availability: (lotId: number, from: string, to: string) =>
    http
      .get<{ availability: Availability }>(`/api/lots/${lotId}/availability`, {
        params: { from, to },
      })
      .then((answer) => answer.availability),
}
