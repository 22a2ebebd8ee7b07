import { describe, expect, it } from 'vitest'
import { inService, occupancyOf } from './occupancy'

const counts = { capacity: 20, occupied_spots: 8, out_of_service_spots: 4 }

describe('occupancy', () => {
  it('is occupied ÷ in service: a spot out of service or reserved is not occupied', () => {
    expect(inService(counts)).toBe(16)
    expect(occupancyOf(counts)).toBe(0.5)
  })

  it('of a lot without a spot in service is nothing', () => {
    expect(occupancyOf({ capacity: 4, occupied_spots: 0, out_of_service_spots: 4 })).toBe(0)
    expect(occupancyOf({ capacity: 4, occupied_spots: 1, out_of_service_spots: 4 })).toBe(0)
  })
})
