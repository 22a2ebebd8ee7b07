import { computed, ref } from 'vue'
import type { Booking } from '@/shared/api/types'
import type { BookRequest } from './api'
import { useBook } from './useBook'
import { useRunningStays } from './useRunningStays'

/** A walk-in that waits for an answer, because its driver is parked already. */
export interface SecondStay {
  request: BookRequest
  running: Booking[]
}

/**
 * Booking that asks before a second stay begins. `submit` books, or sets `question` when a walk-in
 * is requested while another stay runs; then `endAndPark`, `keepBoth` or `dismiss` answers it.
 * `booked` gets the new booking.
 */
export function useParkHere(booked: (booking: Booking) => void) {
  const { runningStays, endAll } = useRunningStays()
  const booking = useBook()
  const question = ref<SecondStay | null>(null)
  const working = ref(false)

  /** A request whose answer was lost, as JSON. The stay that runs now may be its own. */
  let unanswered = ''

  async function bookNow(request: BookRequest): Promise<void> {
    const created = await booking.book(request)
    const error = booking.error.value
    unanswered = error?.isOffline || (error?.status ?? 0) >= 500 ? JSON.stringify(request) : ''
    if (created) booked(created)
  }

  /** One thing at a time: a second press while one is under way does nothing. */
  async function alone(work: () => Promise<unknown>): Promise<void> {
    if (working.value) return
    working.value = true
    await work().finally(() => (working.value = false))
  }

  const submit = (request: BookRequest) =>
    alone(async () => {
      question.value = null
      const mayBeSecond =
        request.booking_type === 'instant' && JSON.stringify(request) !== unanswered
      const running = mayBeSecond ? await runningStays() : []
      if (running.length) question.value = { request, running }
      else await bookNow(request)
    })

  /** The new spot first: when it is gone, the car still has the old one. Unless the limit forbids two. */
  const endAndPark = () =>
    alone(async () => {
      const { request, running } = question.value!
      question.value = null
      const created = await booking.book(request)
      const limited = booking.error.value?.code === 'too_many_bookings'
      if (!created && !limited) return
      await endAll(running)
      if (created) booked(created)
      else await bookNow(request)
    })

  const keepBoth = () =>
    alone(async () => {
      const { request } = question.value!
      question.value = null
      await bookNow(request)
    })

  function reset(): void {
    question.value = null
    booking.reset()
  }

  return {
    ...booking,
    busy: computed(() => working.value || booking.busy.value),
    question,
    submit,
    endAndPark,
    keepBoth,
    reset,
  }
}
