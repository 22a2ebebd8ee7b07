import { describe, expect, it } from 'vitest'
import type { Booking, Tariff } from '@/shared/api/types'
import { costNow, runningCost, stayCost } from './pricing'

const tariff = (fields: Partial<Tariff> = {}): Tariff => ({
  id: 1,
  price_per_hour: 2.5,
  billing_step_seconds: 1,
  free_minutes: 0,
  daily_cap: null,
  cap_day: 'rolling',
  ...fields,
})
const at = (text: string) => new Date(text)
const berlin = 'Europe/Berlin'

describe('what a stay costs', () => {
  it('is hours times the hourly price, half up to the cent', () => {
    expect(stayCost(tariff(), at('2026-03-02T09:00:00Z'), at('2026-03-02T11:00:00Z'), 'UTC')).toBe(
      5,
    )
    // 18 s at 2.50 are 1.25 cents; 22 s are 1.53.
    expect(stayCost(tariff(), at('2026-03-02T09:00:00Z'), at('2026-03-02T09:00:18Z'), 'UTC')).toBe(
      0.01,
    )
    expect(stayCost(tariff(), at('2026-03-02T09:00:00Z'), at('2026-03-02T09:00:22Z'), 'UTC')).toBe(
      0.02,
    )
  })

  it('is whole in a currency without hundredths, also under a cap', () => {
    const yen = tariff({ price_per_hour: 300 })
    const start = at('2026-03-02T09:00:00Z')
    expect(stayCost(yen, start, at('2026-03-02T10:02:01Z'), 'UTC', 'JPY')).toBe(310)
    expect(stayCost(yen, start, at('2026-03-02T09:00:06Z'), 'UTC', 'JPY')).toBe(1)
    expect(stayCost(yen, start, at('2026-03-02T09:00:05Z'), 'UTC', 'JPY')).toBe(0)
    const capped = tariff({ price_per_hour: 123, daily_cap: 1000.5 })
    expect(stayCost(capped, start, at('2026-03-04T10:01:00Z'), 'UTC', 'JPY')).toBe(2125)
  })

  it('rounds the time up to the billing step', () => {
    const step = tariff({ billing_step_seconds: 3600 })
    expect(stayCost(step, at('2026-03-02T09:00:00Z'), at('2026-03-02T10:00:01Z'), 'UTC')).toBe(5)
  })

  it('is nothing within the free minutes, and whole beyond them', () => {
    const free = tariff({ free_minutes: 15 })
    expect(stayCost(free, at('2026-03-02T09:00:00Z'), at('2026-03-02T09:15:00Z'), 'UTC')).toBe(0)
    expect(stayCost(free, at('2026-03-02T09:00:00Z'), at('2026-03-02T10:00:00Z'), 'UTC')).toBe(2.5)
  })

  it('stops at the daily cap, by 24 hours or by the lot’s own days', () => {
    const rolling = tariff({ daily_cap: 20 })
    const start = at('2026-03-02T20:00:00Z')
    expect(stayCost(rolling, start, at('2026-03-03T20:00:00Z'), berlin)).toBe(20)
    expect(stayCost(rolling, start, at('2026-03-03T21:00:00Z'), berlin)).toBe(22.5)
    const calendar = tariff({ daily_cap: 20, cap_day: 'calendar' })
    // In Berlin three hours belong to the first day, 24 to the second.
    expect(stayCost(calendar, start, at('2026-03-03T23:00:00Z'), berlin)).toBe(27.5)
  })

  it('charges what a night with a clock change lasted', () => {
    const autumn = [at('2026-10-24T22:00:00Z'), at('2026-10-25T05:00:00Z')] as const
    expect(stayCost(tariff({ price_per_hour: 2 }), ...autumn, berlin)).toBe(14)
    const spring = [at('2026-03-28T23:00:00Z'), at('2026-03-29T04:00:00Z')] as const
    expect(stayCost(tariff({ price_per_hour: 2 }), ...spring, berlin)).toBe(10)
  })
})

describe('the running cost', () => {
  const booking = (fields: Partial<Booking>) =>
    ({
      status: 'Active',
      start_time: '2026-03-02T09:00:00Z',
      reserved_start: null,
      reserved_end: null,
      lot_timezone: berlin,
      tariff: tariff(),
      ...fields,
    }) as Booking

  it('of an instant booking is its time so far', () => {
    expect(runningCost(booking({}), at('2026-03-02T10:00:00Z'))).toBe(2.5)
  })

  it('of a reservation is its window at least, and the overstay beyond it', () => {
    const reserved = booking({
      reserved_start: '2026-03-02T09:00:00Z',
      reserved_end: '2026-03-02T11:00:00Z',
    })
    expect(runningCost(reserved, at('2026-03-02T09:10:00Z'))).toBe(5)
    expect(runningCost(reserved, at('2026-03-02T12:00:00Z'))).toBe(7.5)
  })

  it('of one that does not run is none', () => {
    expect(runningCost(booking({ status: 'Completed' }), at('2026-03-02T12:00:00Z'))).toBeNull()
  })

  it('is shown instead of the total, which is 0 as long as it runs', () => {
    const running = booking({ total_cost: 0, running_cost: 2.5 })
    expect(costNow(running, at('2026-03-02T10:00:00Z'))).toBe(2.5)
    expect(
      costNow({ ...running, status: 'Completed', total_cost: 7 }, at('2026-03-02T12:00:00Z')),
    ).toBe(7)
    expect(
      costNow({ ...running, status: 'Reserved', total_cost: 5 }, at('2026-03-02T08:00:00Z')),
    ).toBe(5)
  })

  it('is not negative when the clocks disagree', () => {
    expect(runningCost(booking({}), at('2026-03-02T08:59:00Z'))).toBe(0)
  })
})
