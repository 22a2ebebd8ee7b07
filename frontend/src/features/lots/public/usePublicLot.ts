import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/shared/api/http'
import type { Schema, Spot } from '@/shared/api/types'

type PublicSpot = Schema<'PublicSpotOut'>

/** A spot as the map draws it: the public is told nothing of its bookings. */
const onMap = (spot: PublicSpot, lotId: number): Spot => ({
  ...spot,
  lot_id: lotId,
  mine: false,
  reservations: [],
  out_of_service_reason: null,
  closures: [],
  booking: null,
})

async function read(lotId: number) {
  const { lot, spots } = await http.get<Schema<'PublicSpotsOut'>>(`/api/public/lots/${lotId}`)
  return { lot, spots: spots.map((spot) => onMap(spot, lotId)) }
}

/** One lot with its spots for somebody who is not signed in, read again every 15 seconds. */
export function usePublicLot(lotId: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['public-lots', toValue(lotId)]),
    queryFn: () => read(toValue(lotId)),
    refetchInterval: 15_000,
  })
}
