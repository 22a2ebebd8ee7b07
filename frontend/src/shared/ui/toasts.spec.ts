import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { currentToast, dropStaleToast, toast } from './toasts'

const text = () => currentToast.value?.text

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('a message', () => {
  it('takes the place of the one before, and keeps its own time', () => {
    toast('Saved')
    vi.advanceTimersByTime(5000)
    toast('Booking cancelled.')
    expect(text()).toBe('Booking cancelled.')
    vi.advanceTimersByTime(5000)
    expect(text()).toBe('Booking cancelled.')
    vi.advanceTimersByTime(1000)
    expect(text()).toBeUndefined()
  })

  it('goes with the page that it was about', () => {
    toast('Saved')
    vi.advanceTimersByTime(2000)
    dropStaleToast()
    expect(text()).toBeUndefined()
  })

  it('that comes with a change of page stays on the new one', () => {
    toast('Parking at Harbour ended.')
    vi.advanceTimersByTime(300)
    dropStaleToast()
    expect(text()).toBe('Parking at Harbour ended.')
  })

  it('that offers an undo stays until it is late', () => {
    toast('Lot closed', { action: { label: 'Undo', run: () => undefined } })
    vi.advanceTimersByTime(9000)
    dropStaleToast()
    expect(text()).toBe('Lot closed')
    vi.advanceTimersByTime(1000)
    expect(text()).toBeUndefined()
  })
})
