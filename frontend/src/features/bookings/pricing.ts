import type { Booking, Tariff } from '@/shared/api/types'
import { isWhole } from '@/shared/format/currencies'
import { nextMidnight } from '@/shared/time/zones'

/**
 * What a stay costs, by the same rule as the server's: the page shows the running cost between two
 * answers with it. Whole hundredths in between, so that nothing drifts; spans are differences of
 * instants, so a night on which the clocks change costs what it lasted.
 */
const DAY_MS = 86_400_000
const cents = (amount: number) => Math.round(amount * 100)

function amount(hourlyCents: number, seconds: number, unit: number): number {
  return unit * Math.floor((2 * seconds * hourlyCents + 3600 * unit) / (7200 * unit)) // half up
}

/** Price of [start, end) in the tariff's currency. The end must not lie before the start. */
export function stayCost(
  tariff: Tariff,
  start: Date,
  end: Date,
  timeZone: string,
  currency = '',
): number {
  const unit = isWhole(currency) ? 100 : 1
  const seconds = Math.ceil((end.getTime() - start.getTime()) / 1000)
  if (seconds <= tariff.free_minutes * 60) return 0
  const step = tariff.billing_step_seconds
  const billed = Math.ceil(seconds / step) * step
  const hourly = cents(tariff.price_per_hour)
  if (tariff.daily_cap === null) return amount(hourly, billed, unit) / 100
  const cap = cents(tariff.daily_cap)
  const last = start.getTime() + billed * 1000
  let total = 0
  for (let day = start.getTime(); day < last;) {
    const next = tariff.cap_day === 'rolling' ? day + DAY_MS : nextMidnight(day, timeZone)
    const cut = Math.min(next, last)
    total += Math.min(amount(hourly, (cut - day) / 1000, unit), cap - (cap % unit))
    day = cut
  }
  return total / 100
}

/** What a running booking would cost if it were released at `now`; null when it is not running. */
export function runningCost(booking: Booking, now: Date): number | null {
  if (booking.status !== 'Active') return null
  const at = (time: string | null, otherwise: number) =>
    time ? new Date(time).getTime() : otherwise
  const began = at(booking.start_time, now.getTime())
  // A reservation costs its window, and whatever the car stood there before and after it.
  const start = Math.min(began, at(booking.reserved_start, began))
  const end = Math.max(now.getTime(), at(booking.reserved_end, start), start)
  const { tariff, lot_timezone, currency } = booking
  return stayCost(tariff, new Date(start), new Date(end), lot_timezone, currency)
}

/** What a booking costs as far as one can say now: while Active what it would cost if it ended. */
export function costNow(booking: Booking, now: Date): number {
  return runningCost(booking, now) ?? booking.total_cost
}
