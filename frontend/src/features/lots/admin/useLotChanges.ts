import { useQueryClient } from '@tanstack/vue-query'
import type { Lot, Spot } from '@/shared/api/types'
import type { LotAndSpots } from '@/features/lots/api'

/** Puts what the server answered wherever it is shown, and asks again for what follows from it. */
export function useLotChanges() {
  const client = useQueryClient()
  const lots = () => client.invalidateQueries({ queryKey: ['lots'] })

  return {
    saved(lot: Lot): void {
      client.setQueryData<LotAndSpots>(['spots', lot.id], (data) => data && { ...data, lot })
      void client.invalidateQueries({ queryKey: ['spots', lot.id] })
      void lots()
    },
    removed(id: number): void {
      client.setQueryData<Lot[]>(['lots'], (all) => all?.filter((lot) => lot.id !== id))
      client.removeQueries({ queryKey: ['spots', id] })
      void lots()
    },
    restored: () => void lots(),
    spotSaved(spot: Spot): void {
      client.setQueryData<LotAndSpots>(
        ['spots', spot.lot_id],
        (data) =>
          data && { ...data, spots: data.spots.map((one) => (one.id === spot.id ? spot : one)) },
      )
      void client.invalidateQueries({ queryKey: ['spots', spot.lot_id] })
    },
  }
}
