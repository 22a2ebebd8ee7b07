import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { asApiError } from '@/shared/api/errors'
import type { Alternative, NextSpot } from '@/shared/api/types'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'
import { bookingsApi, type BookingWish } from './api'
import { useBookingChanged } from './useBookings'

/** Booking: the same wish keeps its idempotency key, so nothing is ever booked twice. */
export function useBook() {
  const intention = useIdempotencyKey()
  const changed = useBookingChanged()
  const client = useQueryClient()

  const mutation = useMutation({
    mutationFn: (wish: BookingWish) => bookingsApi.book(wish, intention.keyFor(wish)),
    onSuccess: (answer) => {
      intention.fulfilled()
      changed(answer)
    },
    onError: (_error, wish) => {
      // What we showed was out of date; the next try is a new wish.
      if (asApiError(_error).status !== 409) return
      intention.fulfilled()
      void client.invalidateQueries({ queryKey: ['lots'] })
      void client.invalidateQueries({ queryKey: ['spots', wish.lot_id] })
    },
  })

  const error = computed(() => (mutation.error.value ? asApiError(mutation.error.value) : null))
  /** The spot to offer in place of the one that has just been taken. */
  const nextSpot = computed(() => (error.value?.body.next_spot ?? null) as NextSpot | null)
  const alternatives = computed(() => (error.value?.body.alternatives ?? []) as Alternative[])

  return {
    book: async (wish: BookingWish) => {
      if (mutation.isPending.value) return null
      return mutation.mutateAsync(wish).then(
        (answer) => answer.booking,
        () => null,
      )
    },
    busy: mutation.isPending,
    error,
    nextSpot,
    alternatives,
    reset: mutation.reset,
  }
}
