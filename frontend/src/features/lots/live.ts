import type { QueryClient } from '@tanstack/vue-query'
import type { Lot, SpotCounts, SpotStatus } from '@/shared/types'
import type { LotAndSpots } from './api'

export type LotEvent = SpotCounts & { id: number }

export interface SpotEvent {
  lot_id: number
  id: number
  spot_number: number
  /** Missing where the server has to be asked what the spot is now. */
  status?: SpotStatus
}

const withCounts = (lot: Lot, event: LotEvent): Lot => ({ ...lot, ...event })

/** Puts a lot's new counts wherever that lot is shown. */
export function applyLot(client: QueryClient, event: LotEvent): void {
  client.setQueryData<Lot[]>(['lots'], (lots) => {
    if (!lots) return lots
    if (!lots.some((lot) => lot.id === event.id)) {
      void client.invalidateQueries({ queryKey: ['lots'] })
      return lots
    }
    return lots.map((lot) => (lot.id === event.id ? withCounts(lot, event) : lot))
  })
  client.setQueryData<Lot>(['lot', event.id], (lot) => lot && withCounts(lot, event))
  client.setQueryData<LotAndSpots>(
    ['spots', event.id],
    (data) => data && { ...data, lot: withCounts(data.lot, event) },
  )
}

/** Puts a spot's new status on its lot's map. */
export function applySpot(client: QueryClient, event: SpotEvent): void {
  const { status } = event
  if (!status) return void client.invalidateQueries({ queryKey: ['spots', event.lot_id] })
  client.setQueryData<LotAndSpots>(['spots', event.lot_id], (data) => {
    if (!data) return data
    const spots = data.spots.map((spot) =>
      spot.id === event.id ? { ...spot, status, mine: spot.mine && status !== 'Available' } : spot,
    )
    return { ...data, spots }
  })
  // The event says that something changed, not for whom; the administrator's view wants the rest.
  void client.invalidateQueries({ queryKey: ['spots', event.lot_id], refetchType: 'none' })
}
