import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Booking } from '@/shared/api/types'

const NOW = new Date('2026-03-02T12:00:00Z')
const notifications: [string, NotificationOptions][] = []

class FakeNotification {
  static permission: NotificationPermission = 'default'
  static requestPermission = vi.fn(async () => FakeNotification.permission)
  constructor(title: string, options: NotificationOptions) {
    notifications.push([title, options])
  }
}

const booking = (changes: Partial<Booking> = {}) =>
  ({
    id: 7,
    booking_type: 'reserved',
    status: 'Active',
    reserved_end: '2026-03-02T13:00:00Z',
    lot_name: 'Harbour',
    spot_number: 3,
    ...changes,
  }) as Booking

/** What the browser keeps of the account that is signed in; nothing after a sign-out. */
const own = (...bookings: Booking[]) =>
  localStorage.setItem('pw-last-bookings', JSON.stringify({ userId: null, at: NOW, bookings }))

/** The module as a page that has just been loaded has it. */
async function load() {
  vi.resetModules()
  return import('./endReminder')
}

const pass = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * 60_000)

describe('the reminder before the end', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW })
    vi.stubGlobal('Notification', FakeNotification)
    localStorage.clear()
    own(booking())
    notifications.length = 0
    FakeNotification.permission = 'granted'
  })

  it('comes ten minutes before, and names place and time', async () => {
    const { schedule, turnOn } = await load()
    expect(await turnOn()).toBe(true)
    schedule([booking()])
    await pass(49)
    expect(notifications).toEqual([])
    await pass(1)
    await vi.waitFor(() => expect(notifications).toHaveLength(1))
    expect(notifications[0]?.[0]).toBe('Your reserved time ends in 10 minutes')
    expect(notifications[0]?.[1]).toMatchObject({
      body: 'Spot 3 at Harbour. Extend it or end parking.',
      data: '/bookings/7',
    })
  })

  it('moves with an extension, and goes when the booking has ended', async () => {
    const { schedule, turnOn } = await load()
    await turnOn()
    schedule([booking()])
    schedule([booking({ reserved_end: '2026-03-02T14:00:00Z' })])
    await pass(60)
    expect(notifications).toEqual([])
    schedule([])
    await pass(120)
    expect(notifications).toEqual([])
  })

  it('does not come after a sign-out, nor to the next account', async () => {
    const { schedule, turnOn } = await load()
    await turnOn()
    schedule([booking()])
    localStorage.removeItem('pw-last-bookings')
    await pass(60)
    schedule([booking({ reserved_end: '2026-03-02T15:00:00Z' })])
    own(booking({ id: 8 }))
    await pass(120)
    expect(notifications).toEqual([])
  })

  it('comes once, also after the page was loaded again or in a second tab', async () => {
    const first = await load()
    await first.turnOn()
    first.schedule([booking()])
    await pass(50)
    await vi.waitFor(() => expect(notifications).toHaveLength(1))
    const second = await load()
    second.schedule([booking()])
    await pass(5)
    expect(notifications).toHaveLength(1)
  })

  it('does not come for a walk-in, whose spot has no end, nor after the end', async () => {
    const { isAhead, schedule, turnOn } = await load()
    await turnOn()
    const walkIn = booking({ booking_type: 'instant', reserved_end: null })
    const over = booking({ reserved_end: '2026-03-02T11:59:00Z' })
    schedule([walkIn, over])
    await pass(600)
    expect(notifications).toEqual([])
    expect([isAhead(walkIn), isAhead(over)]).toEqual([false, false])
  })

  it('stays off when the person does not allow it, and after it was turned off', async () => {
    FakeNotification.permission = 'denied'
    const { isBlocked, reminderOn, schedule, turnOff, turnOn } = await load()
    expect(await turnOn()).toBe(false)
    expect(isBlocked()).toBe(true)
    schedule([booking()])
    FakeNotification.permission = 'granted'
    await turnOn()
    schedule([booking()])
    turnOff()
    expect(reminderOn.value).toBe(false)
    await pass(60)
    expect(notifications).toEqual([])
  })
})
