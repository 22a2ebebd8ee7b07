import { describe, expect, it } from 'vitest'
import { overstaySeconds } from './overstay'

const now = new Date('2026-03-02T12:00:00Z')
const stay = (reserved_end: string | null, held_until: string | null, status = 'Active') =>
  overstaySeconds({ reserved_end, held_until, status: status as 'Active' }, now)

describe('an overstay', () => {
  it('begins when the guaranteed time of a walk-in ends', () => {
    expect(stay(null, '2026-03-02T12:00:01Z')).toBe(0)
    expect(stay(null, '2026-03-02T11:30:00Z')).toBe(1800)
  })

  it('begins when the reserved time ends, though the spot is still held', () => {
    expect(stay('2026-03-02T11:00:00Z', '2026-03-02T15:00:00Z')).toBe(3600)
  })

  it('is over when the car has left', () => {
    expect(stay('2026-03-02T11:00:00Z', null, 'Completed')).toBe(0)
  })
})
