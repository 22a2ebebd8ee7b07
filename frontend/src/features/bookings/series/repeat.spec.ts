import { describe, expect, it } from 'vitest'
import {
  daysLater,
  isLater,
  newRepeat,
  repeatProblem,
  totalOf,
  usualDates,
  wallTimes,
  weekdayOf,
} from './repeat'
import type { Preview, SeriesDate } from './api'

const date = (values: Partial<SeriesDate>): SeriesDate =>
  ({
    date: '2026-03-03',
    status: 'ok',
    available: true,
    spot_number: 3,
    total_cost: 10,
    ...values,
  }) as SeriesDate

describe('a booking that repeats', () => {
  it('keeps the wall times of its window, over midnight too', () => {
    const berlin = 'Europe/Berlin'
    expect(wallTimes({ from: '2026-03-03T08:00', to: '2026-03-03T17:30' }, berlin)).toEqual({
      day: '2026-03-03',
      start: '08:00',
      end: '17:30',
    })
    expect(wallTimes({ from: '2026-03-03T22:00', to: '2026-03-04T06:00' }, berlin)).toEqual({
      day: '2026-03-03',
      start: '22:00',
      end: '06:00',
    })
    expect(wallTimes({ from: '2026-03-03T23:30:00Z', to: '2026-03-04T01:00:00Z' }, berlin)).toEqual(
      { day: '2026-03-04', start: '00:30', end: '02:00' },
    )
  })

  it('is of a window that is shorter than a day', () => {
    expect(wallTimes({ from: '2026-03-03T08:00', to: '2026-03-04T08:00' }, 'UTC')).toBeNull()
    expect(wallTimes({ from: '2026-03-03T08:00', to: '2026-03-05T07:00' }, 'UTC')).toBeNull()
  })

  it('begins with the weekday of the window and twelve weeks', () => {
    expect(weekdayOf('2026-03-01')).toBe('su')
    expect(newRepeat('2026-03-03')).toMatchObject({ days: ['tu'], until: '2026-05-25' })
    expect(daysLater('2026-12-31', 1)).toBe('2027-01-01')
  })

  it('says what is wrong with its fields', () => {
    const fields = newRepeat('2026-03-03')
    const problem = (values: object) => repeatProblem({ ...fields, ...values }, '2026-03-03')
    expect(problem({})).toBeNull()
    expect(problem({ days: [] })).toBe('noDay')
    expect(problem({ until: '' })).toBe('noUntil')
    expect(problem({ until: '2026-03-02' })).toBe('untilFirst')
    for (const count of ['', '0', '1.5', '367', 'x'])
      expect(problem({ ends: 'count', count })).toBe('count')
    expect(problem({ ends: 'count', count: '12', until: '' })).toBeNull()
  })

  it('takes the dates about which there is nothing to decide, and adds up their prices', () => {
    const dates = [
      date({ date: '2026-03-03', total_cost: 0.1 }),
      date({ date: '2026-03-04', status: 'other_spot', total_cost: 0.2 }),
      date({ date: '2026-03-05', status: 'full', available: false, spot_number: null }),
      date({ date: '2026-03-06', status: 'yours_already' }),
      date({ date: '2026-03-07', status: 'later', spot_number: null, total_cost: 5 }),
    ]
    const accepted = usualDates({ dates } as Preview)
    expect(accepted).toEqual(['2026-03-03', '2026-03-04', '2026-03-07'])
    expect(totalOf(dates, accepted.slice(0, 2))).toBe(0.3)
    expect(dates.filter(isLater).map((one) => one.date)).toEqual(['2026-03-07'])
  })
})
