import type { QueryClient } from '@tanstack/vue-query'
import type { Lot, SpotCounts, SpotStatus } from '@/shared/api/types'
import type { LotAndSpots } from './api'

/** A lot's counts now, or that it was closed. */
export type LotEvent = (SpotCounts & { id: number }) | { id: number; gone: true }

export interface SpotEvent {
  lot_id: number
  id: number
  spot_number: number
  /** Missing where the server has to be asked what the spot is now. */
  status?: SpotStatus
}

const withCounts = (lot: Lot, counts: SpotCounts): Lot => ({ ...lot, ...counts })

/** Puts a lot's new counts wherever that lot is shown. */
export function applyLot(client: QueryClient, event: LotEvent): void {
  if ('gone' in event) return removeLot(client, event.id)
  // How many spots have what somebody needs is not in the event.
  void client.invalidateQueries({ queryKey: ['matching'] }, { cancelRefetch: false })
  const lots = client.getQueryData<Lot[]>(['lots'])
  if (lots?.some((lot) => lot.id === event.id))
    client.setQueryData<Lot[]>(
      ['lots'],
      lots.map((lot) => (lot.id === event.id ? withCounts(lot, event) : lot)),
    )
  else if (lots) void client.invalidateQueries({ queryKey: ['lots'] })
  client.setQueryData<Lot>(['lot', event.id], (lot) => lot && withCounts(lot, event))
  client.setQueryData<LotAndSpots>(
    ['spots', event.id],
    (data) => data && { ...data, lot: withCounts(data.lot, event) },
  )
}

/** Takes a closed lot off the lists; its own page asks and is told. */
function removeLot(client: QueryClient, id: number): void {
  client.setQueryData<Lot[]>(['lots'], (lots) => lots?.filter((lot) => lot.id !== id))
  void client.resetQueries({ queryKey: ['lot', id] })
  void client.resetQueries({ queryKey: ['spots', id] })
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
