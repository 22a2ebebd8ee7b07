import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { asApiError } from '@/shared/api/errors'
import type { Alternative, Matching, NextSpot } from '@/shared/api/types'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'
import { bookingsApi, type BookRequest } from './api'
import { useBookingChanged } from './useBookings'

/** Booking: the same request keeps its idempotency key, so nothing is ever booked twice. */
export function useBook() {
  const idempotency = useIdempotencyKey()
  const changed = useBookingChanged()
  const client = useQueryClient()

  const mutation = useMutation({
    mutationFn: (request: BookRequest) => bookingsApi.book(request, idempotency.keyFor(request)),
    onSuccess: (answer) => {
      idempotency.fulfilled()
      changed(answer)
    },
    onError: (_error, request) => {
      // What we showed was out of date; the next try is a new request.
      if (asApiError(_error).status !== 409) return
      idempotency.fulfilled()
      void client.invalidateQueries({ queryKey: ['lots'] })
      void client.invalidateQueries({ queryKey: ['matching'] })
      void client.invalidateQueries({ queryKey: ['spots', request.lot_id] })
    },
  })

  const error = computed(() => (mutation.error.value ? asApiError(mutation.error.value) : null))
  /** The spot to offer in place of the one that has just been taken. */
  const nextSpot = computed(() => (error.value?.body.next_spot ?? null) as NextSpot | null)
  const alternatives = computed(() => (error.value?.body.alternatives ?? []) as Alternative[])

  /** The spots that have what was needed, where none of them is free. */
  const matching = computed(() => (error.value?.body.matching ?? null) as Matching | null)

  return {
    book: async (request: BookRequest) => {
      if (mutation.isPending.value) return null
      return mutation.mutateAsync(request).then(
        (answer) => answer.booking,
        () => null,
      )
    },
    busy: mutation.isPending,
    error,
    nextSpot,
    alternatives,
    matching,
    reset: mutation.reset,
  }
}
