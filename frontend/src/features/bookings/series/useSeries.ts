import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { learnServerTime } from '@/shared/time/clock'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'
import { seriesApi, type NewSeries } from './api'

export function useOneSeries(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['bookings', 'series', toValue(id)]),
    queryFn: async () => {
      const answer = await seriesApi.one(toValue(id))
      learnServerTime(answer.server_time)
      return answer
    },
    refetchInterval: 60_000,
  })
}

/** After a change of several bookings: whatever shows one of them asks again. */
export function useBookingsChanged() {
  const client = useQueryClient()
  return () => {
    const keys = ['bookings', 'booking', 'lots', 'spots', 'availability', 'matching', 'waitlist']
    for (const key of keys) void client.invalidateQueries({ queryKey: [key] })
  }
}

/** Booking a series: the same request keeps its idempotency key, so nothing is ever booked twice. */
export function useCreateSeries() {
  const idempotency = useIdempotencyKey()
  const changed = useBookingsChanged()
  return useMutation({
    mutationFn: (request: NewSeries) => seriesApi.create(request, idempotency.keyFor(request)),
    onSuccess: () => {
      idempotency.fulfilled()
      changed()
    },
  })
}

export function useEndSeries() {
  const changed = useBookingsChanged()
  return useMutation({
    mutationFn: ({ id, from }: { id: number; from?: string }) => seriesApi.end(id, from),
    onSuccess: changed,
  })
}
