import { QueryClient } from '@tanstack/vue-query'
import { expect, it } from 'vitest'
import type { Spot } from '@/shared/types'
import { applySpot } from './live'

it('asks the server about a spot whose news does not say what it is now', () => {
  const client = new QueryClient()
  const spot = { id: 7, status: 'Occupied' } as Spot
  client.setQueryData(['spots', 1], { lot: {}, spots: [spot] })
  applySpot(client, { lot_id: 1, id: 7, spot_number: 1 })
  expect(client.getQueryData(['spots', 1])).toEqual({ lot: {}, spots: [spot] })
  expect(client.getQueryState(['spots', 1])?.isInvalidated).toBe(true)
})
