import { describe, expect, it } from 'vitest'
import type { Booking } from '@/shared/api/types'
import { earlierEnds, earlierProblem, instantOf } from './earlier'

const booking = (values: Partial<Booking> = {}) =>
  ({
    reserved_start: '2026-03-03T08:00:00Z',
    reserved_end: '2026-03-03T10:00:00Z',
    ...values,
  }) as Booking
const minutes = (one: Booking, now: string) =>
  earlierEnds(one, new Date(now)).map((end) => end.minutes)

describe('the earlier ends of a reservation', () => {
  it('are after its start', () => {
    expect(minutes(booking(), '2026-03-02T12:00:00Z')).toEqual([30, 60])
    expect(earlierEnds(booking(), new Date('2026-03-02T12:00:00Z'))[0]).toEqual({
      minutes: 30,
      until: '2026-03-03T09:30:00Z',
    })
  })

  it('are not over yet', () => {
    expect(minutes(booking(), '2026-03-03T09:15:00Z')).toEqual([30])
    expect(minutes(booking(), '2026-03-03T09:30:00Z')).toEqual([])
  })

  it('are none of a walk-in', () => {
    const walkIn = booking({ reserved_start: null, reserved_end: null })
    expect(minutes(walkIn, '2026-03-03T09:00:00Z')).toEqual([])
  })
})

describe('an end as it is typed', () => {
  const berlin = (wall: string) => instantOf(wall, '2026-03-29T08:00:00Z', 'Europe/Berlin')

  it('is a time of the lot, before and after a change of the clocks', () => {
    expect(berlin('2026-03-29T09:30')).toBe('2026-03-29T07:30:00Z')
    expect(berlin('2026-03-29T01:30')).toBe('2026-03-29T00:30:00Z')
    expect(berlin('2026-03-29T02:30')).toBeNull()
    expect(berlin('')).toBeNull()
  })

  it('is before the present end, after the start, and not over yet', () => {
    const wrong = (end: string, now = '2026-03-02T12:00:00Z') =>
      earlierProblem(booking(), end, new Date(now))
    expect(wrong('2026-03-03T10:00:00Z')).toBe('before')
    expect(wrong('2026-03-03T09:59:00Z')).toBeNull()
    expect(wrong('2026-03-03T08:00:00Z')).toBe('after')
    expect(wrong('2026-03-03T09:00:00Z', '2026-03-03T09:00:01Z')).toBe('after')
  })
})
