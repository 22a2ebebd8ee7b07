import { describe, expect, it } from 'vitest'
import { compareDays, differenceNow } from './today'

const point = (at: string, occupied: number) => ({ at, occupied, capacity: 10 })
const local = (at: string) => ({ day: at.slice(0, 10), time: at.slice(11, 16) })

describe("today's curve against the same weekday's", () => {
  const points = compareDays(
    {
      day: '2026-03-09',
      curve: [
        // Where a lot's day begins earlier than the operator's.
        point('2026-03-08T23:30:00Z', 9),
        point('2026-03-09T08:00:00Z', 4),
        point('2026-03-09T08:30:00Z', 6),
      ],
    },
    {
      day: '2026-03-02',
      curve: [
        point('2026-03-02T08:30:00Z', 5),
        point('2026-03-02T09:00:00Z', 7),
        point('2026-03-02T08:00:00Z', 1),
        point('2026-03-03T00:00:00Z', 8),
      ],
    },
    local,
  )

  it('lies on one clock, begins at midnight here, and ends where today has come to', () => {
    expect(points).toEqual([
      { at: '08:00', today: 4, before: 1 },
      { at: '08:30', today: 6, before: 5 },
      { at: '09:00', today: null, before: 7 },
    ])
  })

  it('compares the last moment that both have', () => {
    expect(differenceNow(points)).toEqual({ at: '08:30', today: 6, before: 5 })
    expect(
      differenceNow(compareDays({ day: '', curve: [] }, { day: '', curve: [] }, local)),
    ).toBeNull()
  })
})
