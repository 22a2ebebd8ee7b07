import { describe, expect, it, vi } from 'vitest'
import type { Booking, BookingPage } from '@/shared/api/types'
import { bookingsApi, openBookings } from '@/features/bookings/api'

const booking = (id: number, start: string, series: number | null = null) =>
  ({ id, start_time: start, series_id: series }) as Booking

describe('the open bookings', () => {
  it('are those that run, then those to come; of a series the next one alone', async () => {
    const reserved = [
      booking(9, '2026-03-20T08:00:00Z', 1),
      booking(8, '2026-03-13T08:00:00Z', 1),
      booking(7, '2026-03-12T08:00:00Z', 2),
      booking(6, '2026-03-11T08:00:00Z'),
      booking(5, '2026-03-06T08:00:00Z', 1),
    ]
    const active = [booking(4, '2026-03-02T08:00:00Z', 1)]
    vi.spyOn(bookingsApi, 'list').mockImplementation(({ status }) =>
      Promise.resolve({
        bookings: status === 'Active' ? active : reserved,
        server_time: '2026-03-02T09:00:00Z',
      } as BookingPage),
    )
    const { bookings } = await openBookings()
    expect(bookings.map(({ id }) => id)).toEqual([4, 5, 6, 7])
  })
})
