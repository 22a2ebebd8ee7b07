import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useSession } from '@/features/accounts/session'
import { asApiError } from '@/shared/api/errors'
import { useErrorText } from '@/shared/api/useErrorText'
import type { Booking } from '@/shared/api/types'
import { useFormat } from '@/shared/format/format'
import { toast } from '@/shared/ui/toasts'
import { openBookings, type BookRequest } from './api'
import { pendingIds } from './release/pendingIds'
import { releaseOrKeep } from './release/pendingRelease'
import { useBook } from './useBook'
import { useBookingChanged } from './useBookings'

/** How old the known list of open bookings may be before it is read again, in milliseconds. */
const FRESH_MS = 15_000

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
  const { t } = useI18n()
  const format = useFormat()
  const errorText = useErrorText()
  const session = useSession()
  const client = useQueryClient()
  const changed = useBookingChanged()
  const booking = useBook()
  const question = ref<SecondStay | null>(null)
  const working = ref(false)

  /** The stays of the driver that run now, without those of guests; none when that cannot be known, since then booking fails as well. */
  const runningStays = () =>
    client
      .fetchQuery({ queryKey: ['bookings', 'open'], queryFn: openBookings, staleTime: FRESH_MS })
      .then(
        ({ bookings }) =>
          bookings.filter(
            ({ id, status, visitor_name }) =>
              status === 'Active' && !visitor_name && !pendingIds.value.includes(id),
          ),
        () => [],
      )

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

  async function end(stay: Booking): Promise<void> {
    try {
      const answer = await releaseOrKeep(stay.id, session.user!.id)
      if (!answer) return toast(t('release.notReleased'), { kind: 'problem' })
      changed(answer)
      const amount = format.money(answer.total_cost, answer.booking.currency)
      toast(t('parked.ended', { lot: stay.lot_name, amount }))
    } catch (thrown) {
      toast(errorText(asApiError(thrown)), { kind: 'problem' })
    }
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
      for (const stay of running) await end(stay)
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
