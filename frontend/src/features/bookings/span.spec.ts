import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale } from '@/shared/format/i18n'
import { spanOf, useSpanText } from './span'

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

const NOW = new Date('2026-03-02T10:00:00Z')
const running = {
  status: 'Active',
  lot_timezone: 'UTC',
  start_time: '2026-03-02T08:40:00Z',
  held_until: '2026-03-02T12:40:00Z',
  end_time: null,
  reserved_start: null,
  reserved_end: null,
} as Booking

function textOf(booking: Booking): string {
  const Text = defineComponent(() => {
    const span = useSpanText()
    return () => h('p', span(booking, NOW))
  })
  return mount(Text, { global: { plugins: [i18n] } }).text()
}

beforeEach(() => setLocale('en'))

describe('when a booking is', () => {
  it('of a walk-in that runs has no end', () => {
    expect(textOf(running)).toBe('since 08:40 AM')
  })

  it('of a reservation that runs is its window', () => {
    const window = { reserved_start: running.start_time, reserved_end: running.held_until }
    expect(textOf({ ...running, ...window })).toBe('08:40 AM – 12:40 PM')
  })

  it('of a walk-in that has ended is its stay', () => {
    const over = { ...running, status: 'Completed' as const, end_time: '2026-03-02T09:10:00Z' }
    expect(textOf(over)).toBe('08:40 AM – 09:10 AM')
  })
})
