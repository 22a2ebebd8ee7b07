import { describe, expect, it } from 'vitest'
import type { Spot } from '@/shared/api/types'
import { rangesOf, removedSpots } from './removedSpots'

const spot = (spot_number: number, status: Spot['status'] = 'Available', reserved = false) => ({
  spot_number,
  status,
  reservations: reserved
    ? [{ start: '', end: '', user_email: null, username: null, visitor_name: null }]
    : [],
})

describe('what a smaller capacity takes', () => {
  const spots = [
    spot(1),
    spot(2),
    spot(3, 'Occupied'),
    spot(4),
    spot(5, 'Available', true),
    spot(6),
  ]

  it('is the highest-numbered spots without a booking', () => {
    expect(removedSpots(spots, 4)).toEqual([4, 6])
    expect(removedSpots(spots, 6)).toEqual([])
    expect(removedSpots(spots, 9)).toEqual([])
  })

  it('is no booked spot, however few remain', () => {
    expect(removedSpots(spots, 1)).toEqual([1, 2, 4, 6])
  })
})

it('numbers are said as ranges', () => {
  expect(rangesOf([3, 10, 11, 12, 20])).toBe('3, 10–12, 20')
  expect(rangesOf([])).toBe('')
})
