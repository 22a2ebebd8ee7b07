import { describe, expect, it } from 'vitest'
import type { Booking } from '@/shared/api/types'
import { spanOf } from './span'

const booking = (fields: Partial<Booking>) =>
  ({
    status: 'Completed',
    start_time: '2026-03-02T09:00:00Z',
    end_time: null,
    held_until: null,
    reserved_start: null,
    reserved_end: null,
    ...fields,
  }) as Booking
const window = { reserved_start: '2026-03-02T09:00:00Z', reserved_end: '2026-03-02T11:00:00Z' }

describe('the span of a booking', () => {
  it('that is over is its stay', () => {
    expect(spanOf(booking({ end_time: '2026-03-02T10:00:00Z' })).to).toBe('2026-03-02T10:00:00Z')
  })

  it('that was reserved is its window, and the overstay where there was one', () => {
    expect(spanOf(booking({ ...window, end_time: '2026-03-02T10:00:00Z' })).to).toBe(
      window.reserved_end,
    )
    const overstay = booking({ ...window, end_time: '2026-03-02T12:00:00Z' })
    expect(spanOf(overstay).to).toBe('2026-03-02T12:00:00Z')
  })

  it('that was cancelled before it began is the window it would have had', () => {
    const cancelled = booking({ ...window, status: 'Cancelled', end_time: '2026-03-01T08:00:00Z' })
    expect(spanOf(cancelled)).toEqual({ from: window.reserved_start, to: window.reserved_end })
  })

  it('that runs goes to where the spot is guaranteed', () => {
    const running = booking({ status: 'Active', held_until: '2026-03-02T13:00:00Z' })
    expect(spanOf(running).to).toBe('2026-03-02T13:00:00Z')
  })
})
