import { describe, expect, it } from 'vitest'
import type { Booking } from '@/shared/api/types'
import { earlierEnds } from './earlier'

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
