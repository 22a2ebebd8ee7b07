import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { asApiError, type ApiError } from '@/shared/api/errors'
import type { Booking } from '@/shared/api/types'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'
import { waitlistApi, type JoinRequest } from './api'
import type { ClaimEnvelope, Entry, EntryEnvelope } from './types'
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

/** What a refusal says of the entry as it is now. */
const entryOf = (error: ApiError) => error.body.entry as Entry | undefined

/** Accepting an offer: once, however often it is pressed. */
export function useClaim(entry: () => Entry) {
  const client = useQueryClient()
  const changed = useEntryChanged()
  const key = useIdempotencyKey()
  const error = ref<ApiError | null>(null)
  const mutation = useMutation({
    mutationFn: (id: number) => waitlistApi.claim(id, key.keyFor({ claim: id })),
  })

  function adopt(answer: ClaimEnvelope): void {
    const { booking } = answer
    client.setQueryData(['booking', booking.id], { booking })
    for (const queryKey of [['bookings'], ['lots'], ['spots', booking.lot_id]])
      void client.invalidateQueries({ queryKey })
    changed(answer)
  }

  /** `claimed` gets the booking before the offer goes from the screen; `error` says why there is none. */
  async function claim(claimed: (booking: Booking) => void): Promise<void> {
    if (mutation.isPending.value) return
    error.value = null
    try {
      const answer = await mutation.mutateAsync(entry().id)
      key.fulfilled()
      claimed(answer.booking)
      adopt(answer)
    } catch (thrown) {
      error.value = asApiError(thrown)
      if (error.value.status === 409) key.fulfilled()
      const current = entryOf(error.value)
      if (current) changed({ entry: current })
    }
  }
  return { claim, busy: mutation.isPending, error }
}

/** Giving up: declines an offer, or leaves the queue. Whoever asks calls `changed` once the answer has been said. */
export function useGiveUp(entry: () => Entry) {
  const changed = useEntryChanged()

  async function giveUp(): Promise<EntryEnvelope> {
    const { id, status } = entry()
    try {
      return await (status === 'Offered' ? waitlistApi.decline(id) : waitlistApi.leave(id))
    } catch (thrown) {
      const current = entryOf(asApiError(thrown))
      if (current) changed({ entry: current })
      throw thrown
    }
  }
  return { giveUp, changed }
}
