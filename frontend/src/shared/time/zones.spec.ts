import { describe, expect, it } from 'vitest'
import { nextMidnight, startOfDay } from './zones'

describe('the next midnight', () => {
  it.each([
    ['2026-03-29T00:30:00Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-24T23:00:00Z', '2026-10-25T23:00:00.000Z'],
    ['2026-10-24T21:59:59Z', '2026-10-24T22:00:00.000Z'],
    ['2026-01-01T23:00:00Z', '2026-01-02T23:00:00.000Z'],
  ])('after %s in Berlin is %s', (from, midnight) => {
    expect(new Date(nextMidnight(Date.parse(from), 'Europe/Berlin')).toISOString()).toBe(midnight)
  })
})

describe('the beginning of a day', () => {
  it.each([
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
    ['2026-03-30', 'Europe/Berlin', '2026-03-29T22:00:00.000Z'],
    ['2026-10-26', 'Europe/Berlin', '2026-10-25T23:00:00.000Z'],
    ['2026-07-01', 'America/Los_Angeles', '2026-07-01T07:00:00.000Z'],
    ['2026-07-01', 'Pacific/Kiritimati', '2026-06-30T10:00:00.000Z'],
    ['2026-07-01', 'UTC', '2026-07-01T00:00:00.000Z'],
  ])('%s in %s is %s', (day, zone, instant) => {
    expect(startOfDay(day, zone).toISOString()).toBe(instant)
  })
})
