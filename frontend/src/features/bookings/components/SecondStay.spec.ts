import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { useSession } from '@/features/accounts/session'
import { bookingsApi } from '@/features/bookings/api'
import { lotsApi } from '@/features/lots/api'
import { ApiError } from '@/shared/api/errors'
import type { Booking } from '@/shared/api/types'
import { button, lot, panel, prepare, refuse, WINDOW } from './bookPanel.stage'

let book: Awaited<ReturnType<typeof prepare>>
beforeEach(async () => {
  book = await prepare()
})

describe('a second stay', () => {
  const parked = {
    id: 9,
    status: 'Active',
    lot_name: 'Station',
    lot_timezone: 'Europe/Berlin',
    spot_number: 4,
    start_time: '2026-03-02T07:40:00Z',
  } as Booking
  let ended: MockInstance<typeof bookingsApi.release>

  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-03-02T09:00:00Z'), toFake: ['Date'] })
    useSession().user = { id: 3, plates: [] } as never
    vi.mocked(bookingsApi.list).mockImplementation(({ status }) =>
      Promise.resolve({ bookings: status === 'Active' ? [parked] : [] } as never),
    )
    ended = vi.spyOn(bookingsApi, 'release')
    ended.mockResolvedValue({
      booking: { ...parked, status: 'Completed', currency: 'EUR' },
      total_cost: 3.5,
    } as never)
  })
  afterEach(() => {
    useSession().user = null
    vi.useRealTimers()
  })

  async function secondStay() {
    const wrapper = await panel({ lot: lot({ timezone: 'UTC' }) })
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    return wrapper
  }

  it('is not begun without a word', async () => {
    const wrapper = await secondStay()
    expect(wrapper.get('[role=group][tabindex="-1"]').text()).toContain(
      'You are parked at Station, spot 4, since 08:40',
    )
    expect(book).not.toHaveBeenCalled()
    await button(wrapper, 'Cancel').trigger('click')
    await flushPromises()
    expect(book).not.toHaveBeenCalled()
    expect(button(wrapper, 'Book a spot now')).toBeDefined()
  })

  it('takes the place of the first', async () => {
    const wrapper = await secondStay()
    await button(wrapper, 'End it and park here').trigger('click')
    await flushPromises()
    expect(book).toHaveBeenCalledTimes(1)
    expect(ended.mock.calls[0]!.slice(0, 1)).toEqual([9])
    expect(wrapper.emitted('booked')).toHaveLength(1)
  })

  it('leaves the first alone when the new spot cannot be had', async () => {
    book.mockRejectedValue(refuse('lot_full', { alternatives: [] }))
    const wrapper = await secondStay()
    await button(wrapper, 'End it and park here').trigger('click')
    await flushPromises()
    expect(ended).not.toHaveBeenCalled()
    expect(wrapper.get('[role=alert]').text()).toContain('No spot is free')
  })

  it('ends the first one before where only one booking is allowed', async () => {
    book.mockRejectedValueOnce(refuse('too_many_bookings', {}))
    const wrapper = await secondStay()
    await button(wrapper, 'End it and park here').trigger('click')
    await flushPromises()
    expect(ended).toHaveBeenCalledTimes(1)
    expect(book).toHaveBeenCalledTimes(2)
    expect(book.mock.calls[1]![1]).not.toBe(book.mock.calls[0]![1])
    expect(wrapper.emitted('booked')).toHaveLength(1)
  })

  it('runs beside the first when both are wanted', async () => {
    const wrapper = await secondStay()
    await button(wrapper, 'Keep both').trigger('click')
    await flushPromises()
    expect(ended).not.toHaveBeenCalled()
    expect(wrapper.emitted('booked')).toHaveLength(1)
  })

  it('is not suspected in that of a guest', async () => {
    const guest = { ...parked, visitor_name: 'Gustav' }
    vi.mocked(bookingsApi.list).mockImplementation(({ status }) =>
      Promise.resolve({ bookings: status === 'Active' ? [guest] : [] } as never),
    )
    const wrapper = await secondStay()
    expect(wrapper.text()).not.toContain('You are parked at')
    expect(book).toHaveBeenCalledOnce()
  })

  it('is not suspected in the stay whose answer was lost', async () => {
    vi.mocked(bookingsApi.list).mockResolvedValueOnce({ bookings: [] } as never)
    vi.mocked(bookingsApi.list).mockResolvedValueOnce({ bookings: [] } as never)
    book.mockRejectedValueOnce(new ApiError(0, 'offline', ''))
    const wrapper = await secondStay()
    expect(wrapper.get('[role=alert]').text()).toContain('could not reach')
    vi.setSystemTime(new Date('2026-03-02T09:01:00Z'))
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    expect(book).toHaveBeenCalledTimes(2)
    expect(book.mock.calls[1]![1]).toBe(book.mock.calls[0]![1])
    expect(wrapper.emitted('booked')).toHaveLength(1)
  })

  it('needs no question for a look at other options of a full lot; the waitlist stays', async () => {
    vi.mocked(lotsApi.list).mockResolvedValue([lot({ id: 8, name: 'Station' })])
    const wrapper = await panel({ lot: lot({ available_spots: 0 }) })
    await button(wrapper, 'See other options').trigger('click')
    await flushPromises()
    expect(wrapper.text()).not.toContain('You are parked at')
    expect(button(wrapper, 'Join the waitlist')).toBeDefined()
    await button(wrapper, 'Book at Station').trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain('You are parked at Station')
    expect(book).not.toHaveBeenCalled()
  })

  it('needs no question when it is a reservation', async () => {
    const wrapper = await panel({ mode: 'later', window: WINDOW })
    await button(wrapper, 'Reserve for €20.00').trigger('click')
    await flushPromises()
    expect(book).toHaveBeenCalledTimes(1)
  })
})
