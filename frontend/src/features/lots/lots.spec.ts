import { QueryClient } from '@tanstack/vue-query'
import { describe, expect, it } from 'vitest'
import { distance } from '@/shared/format/format'
import type { Lot, Spot } from '@/shared/api/types'
import { applyLot, applySpot } from './live'
import { distanceKm, nextBest, searchLots, sortLots } from './lotList'
import { canChoose, moveInGrid } from './spotMap'

const lot = (fields: Partial<Lot>): Lot =>
  ({
    id: 1,
    name: 'Lot',
    address: null,
    available_spots: 5,
    capacity: 10,
    price_per_hour: 2,
    latitude: null,
    longitude: null,
    ...fields,
  }) as Lot

describe('finding a lot', () => {
  const lots = [
    lot({ id: 1, name: 'Bahnhof Süd', available_spots: 3, price_per_hour: 3 }),
    lot({ id: 2, name: 'Airport', address: '1 Süd Street', available_spots: 9, price_per_hour: 4 }),
    lot({ id: 3, name: 'Riverside', available_spots: 0, price_per_hour: 1 }),
  ]

  it('ignores case, accents and the order of words', () => {
    expect(searchLots(lots, 'sud').map((one) => one.id)).toEqual([1, 2])
    expect(searchLots(lots, 'SÜD bahn').map((one) => one.id)).toEqual([1])
    expect(searchLots(lots, ' ').length).toBe(3)
  })

  it.each([
    ['baerenplatz', 'Bärenplatz'],
    ['bäre', 'Baerenplatz'],
    ['strasse', 'Große Straße'],
    ['oester', 'Øster Allé'],
    ['oster', 'Øster Allé'],
    ["king's", 'King’s Cross'],
    ['king’s', 'Kingʼs Cross'],
    ['kingʼs', "King's Cross"],
  ])('finds by "%s" the lot %s', (words, name) => {
    expect(searchLots([lot({ name }), lot({ id: 2, name: 'Hafen' })], words)).toHaveLength(1)
  })

  it('sorts by last use, room, price or name', () => {
    const ids = (by: Parameters<typeof sortLots>[1], recent: number[] = []) =>
      sortLots(lots, by, recent).map((one) => one.id)
    expect(ids('recent', [3, 1])).toEqual([3, 1, 2])
    expect(ids('free')).toEqual([2, 1, 3])
    expect(ids('price')).toEqual([3, 1, 2])
    expect(ids('name')).toEqual([2, 1, 3])
  })

  it('sorts by distance, lots without a position last', () => {
    const here = { latitude: 52.5, longitude: 13.4 }
    const placed = [
      lot({ id: 1, name: 'Nowhere', available_spots: 99 }),
      lot({ id: 2, name: 'Far', latitude: 48, longitude: 11 }),
      lot({ id: 3, name: 'Near', latitude: 52.51, longitude: 13.4 }),
    ]
    expect(sortLots(placed, 'near', [], here).map((one) => one.id)).toEqual([3, 2, 1])
    expect(sortLots(placed, 'near', [], null).map((one) => one.name)).toEqual([
      'Far',
      'Near',
      'Nowhere',
    ])
    expect(distance('en', distanceKm(here, placed[2]!)!)).toBe('1.1 km')
    expect(distance('en', 0.347)).toBe('350 m')
    expect(distance('de', 12.34)).toBe('12 km')
  })

  it('sends whoever finds a lot full to the nearest with room', () => {
    const full = lot({ id: 9, available_spots: 0, latitude: 52.5, longitude: 13.4 })
    const near = lot({ id: 4, latitude: 52.51, longitude: 13.4 })
    const far = lot({ id: 5, latitude: 48, longitude: 11, available_spots: 99 })
    const nowhere = lot({ id: 6, available_spots: 50 })
    expect(nextBest(full, [full, far, near, nowhere])?.id).toBe(4)
    expect(nextBest(lot({ id: 9 }), [near, nowhere])?.id).toBe(6)
    expect(nextBest(full, [full])).toBeNull()
  })
})

describe('the spot map', () => {
  it('moves by rows and columns and stays inside', () => {
    expect(moveInGrid('ArrowRight', false, 0, 5, 12)).toBe(1)
    expect(moveInGrid('ArrowLeft', false, 0, 5, 12)).toBe(0)
    expect(moveInGrid('ArrowDown', false, 8, 5, 12)).toBe(8)
    expect(moveInGrid('ArrowDown', false, 6, 5, 12)).toBe(11)
    expect(moveInGrid('Home', false, 7, 5, 12)).toBe(5)
    expect(moveInGrid('End', false, 10, 5, 12)).toBe(11)
    expect(moveInGrid('Home', true, 7, 5, 12)).toBe(0)
    expect(moveInGrid('a', false, 7, 5, 12)).toBeNull()
  })

  it('lets one choose what is free now, or free in the wanted window', () => {
    const spot = (status: Spot['status']) => ({ id: 7, status }) as Spot
    expect(canChoose(spot('Available'), null)).toBe(true)
    expect(canChoose(spot('Occupied'), null)).toBe(false)
    expect(canChoose(spot('Occupied'), new Set([7]))).toBe(true)
    expect(canChoose(spot('Available'), new Set())).toBe(false)
    expect(canChoose(spot('Out of service'), null)).toBe(false)
    // Its closure has ended by then.
    expect(canChoose(spot('Out of service'), new Set([7]))).toBe(true)
    expect(canChoose(spot('Out of service'), new Set())).toBe(false)
  })
})

describe('live events', () => {
  const counts = {
    available_spots: 4,
    occupied_spots: 6,
    reserved_spots: 0,
    out_of_service_spots: 0,
    capacity: 10,
  }

  it('change the counts wherever the lot is shown, and nothing else of it', () => {
    const client = new QueryClient()
    client.setQueryData(['lots'], [lot({ id: 1 }), lot({ id: 2 })])
    client.setQueryData(['spots', 1], { lot: lot({ id: 1 }), spots: [] })
    applyLot(client, { id: 1, ...counts })
    const [first, second] = client.getQueryData<Lot[]>(['lots'])!
    expect(first).toMatchObject({ name: 'Lot', available_spots: 4 })
    expect(second).toMatchObject({ available_spots: 5 })
    expect(client.getQueryData(['spots', 1])).toMatchObject({ lot: { available_spots: 4 } })
  })

  it('change one spot, and forget that it was mine when it is free', () => {
    const client = new QueryClient()
    const spots = [
      { id: 7, status: 'Occupied', mine: true } as Spot,
      { id: 8, status: 'Available' } as Spot,
    ]
    client.setQueryData(['spots', 1], { lot: lot({}), spots })
    applySpot(client, { lot_id: 1, id: 7, spot_number: 1, status: 'Available' })
    const after = client.getQueryData<{ spots: Spot[] }>(['spots', 1])!.spots
    expect(after[0]).toMatchObject({ status: 'Available', mine: false })
    expect(after[1]).toMatchObject({ id: 8, status: 'Available' })
  })
})
