import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { asApiError, type ApiError } from '@/shared/api/errors'
import type { Booking } from '@/shared/api/types'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'
import { waitlistApi, type JoinRequest } from './api'
import type { ClaimEnvelope, Entry } from './types'
import { useEntryChanged } from './useWaitlist'

/** So long before its start a window can still be waited for. */
const EARLIEST_MS = 5 * 60_000

/** Joining the queue: the same request keeps its idempotency key. Resolves to null when refused. */
export function useJoin() {
  const key = useIdempotencyKey()
  const changed = useEntryChanged()
  const client = useQueryClient()
  const mutation = useMutation({
    mutationFn: (request: JoinRequest) => waitlistApi.join(request, key.keyFor(request)),
    onSuccess: (answer) => {
      key.fulfilled()
      changed(answer)
    },
    onError: (thrown) => {
      // What was shown is out of date; the next try is a new request.
      if (asApiError(thrown).status !== 409) return
      key.fulfilled()
      for (const name of ['waitlist', 'lots', 'spots', 'matching', 'availability'])
        void client.invalidateQueries({ queryKey: [name] })
    },
  })
  return {
    join: async (request: JoinRequest): Promise<Entry | null> => {
      if (mutation.isPending.value) return null
      return mutation.mutateAsync(request).then(
        ({ entry }) => entry,
        () => null,
      )
    },
    busy: mutation.isPending,
    error: computed(() => (mutation.error.value ? asApiError(mutation.error.value) : null)),
    reset: mutation.reset,
  }
}

/** The same place once more, at the end of the queue; null when its time is over. */
export function againRequest(entry: Entry, now: Date): JoinRequest | null {
  const common = {
    lot_ids: entry.lots.map(({ id }) => id),
    ...(entry.needs.length ? { needs: entry.needs } : {}),
    ...(entry.vehicle_plate ? { vehicle_plate: entry.vehicle_plate } : {}),
  }
  const { reserved_start, reserved_end } = entry
  if (entry.booking_type === 'instant') {
    const waited = new Date(entry.waits_until).getTime() - new Date(entry.created_at).getTime()
    return { ...common, booking_type: 'instant', for_minutes: Math.round(waited / 60_000) }
  }
  if (!reserved_start || !reserved_end) return null
  const startsIn = new Date(reserved_start).getTime() - now.getTime()
  if (startsIn < EARLIEST_MS) return null
  return { ...common, booking_type: 'reserved', reserved_start, reserved_end }
}

/** Accepting an offer: once, however often it is pressed. */
export function useClaim(entry: () => Entry) {
  const client = useQueryClient()
  const changed = useEntryChanged()
  const key = useIdempotencyKey()
  const error = ref<ApiError | null>(null)

  function booked(answer: ClaimEnvelope): void {
    key.fulfilled()
    changed(answer)
    const { booking } = answer
    client.setQueryData(['booking', booking.id], { booking })
    void client.invalidateQueries({ queryKey: ['bookings'] })
    void client.invalidateQueries({ queryKey: ['lots'] })
    void client.invalidateQueries({ queryKey: ['spots', booking.lot_id] })
  }

  const mutation = useMutation({
    mutationFn: (id: number) => waitlistApi.claim(id, key.keyFor({ claim: id })),
    onSuccess: booked,
  })
  return {
    /** Resolves to the booking; null when it was refused, of which `error` says why. */
    async claim(): Promise<Booking | null> {
      if (mutation.isPending.value) return null
      error.value = null
      try {
        return (await mutation.mutateAsync(entry().id)).booking
      } catch (thrown) {
        error.value = asApiError(thrown)
        const now = error.value.body.entry as Entry | undefined
        if (error.value.status === 409) key.fulfilled()
        if (now) changed({ entry: now })
        return null
      }
    },
    busy: mutation.isPending,
    error,
  }
}

/** Giving up: declines an offer, or leaves the queue. */
export function useGiveUp(entry: () => Entry) {
  const changed = useEntryChanged()
  return useMutation({
    mutationFn: () =>
      entry().status === 'Offered'
        ? waitlistApi.decline(entry().id)
        : waitlistApi.leave(entry().id),
    onSuccess: changed,
    onError: (thrown) => {
      const now = asApiError(thrown).body.entry as Entry | undefined
      if (now) changed({ entry: now })
    },
  })
}
