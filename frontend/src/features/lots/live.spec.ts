import { QueryClient } from '@tanstack/vue-query'
import { expect, it } from 'vitest'
import type { Lot, Spot } from '@/shared/api/types'
import { applyLot, applySpot } from './live'

it('asks the server about a spot whose news does not say what it is now', () => {
  const client = new QueryClient()
  const spot = { id: 7, status: 'Occupied' } as Spot
  client.setQueryData(['spots', 1], { lot: {}, spots: [spot] })
  applySpot(client, { lot_id: 1, id: 7, spot_number: 1 })
  expect(client.getQueryData(['spots', 1])).toEqual({ lot: {}, spots: [spot] })
  expect(client.getQueryState(['spots', 1])?.isInvalidated).toBe(true)
})

it('takes a closed lot off the list, and asks for one that is open again', () => {
  const client = new QueryClient()
  const [stays, goes] = [{ id: 1 } as Lot, { id: 2 } as Lot]
  client.setQueryData(['lots'], [stays, goes])
  applyLot(client, { id: 2, gone: true })
  expect(client.getQueryData(['lots'])).toEqual([stays])
  const counts = {
    available_spots: 1,
    occupied_spots: 0,
    reserved_spots: 0,
    out_of_service_spots: 0,
    capacity: 1,
  }
  applyLot(client, { id: 2, ...counts })
  expect(client.getQueryState(['lots'])?.isInvalidated).toBe(true)
})
