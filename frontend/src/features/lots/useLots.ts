import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { lotsApi } from './api'

export function useLots() {
  return useQuery({ queryKey: ['lots'], queryFn: lotsApi.list })
}

export function usePublicLots() {
  return useQuery({
    queryKey: ['public-lots'],
    queryFn: lotsApi.publicList,
    refetchInterval: 15_000,
  })
}

/** One lot with its spots; the stream keeps both current. */
export function useSpots(lotId: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['spots', toValue(lotId)]),
    queryFn: () => lotsApi.spots(toValue(lotId)),
  })
}

export function useAvailability(
  lotId: MaybeRefOrGetter<number>,
  window: MaybeRefOrGetter<{ from: string; to: string } | null>,
) {
  return useQuery({
    queryKey: computed(() => ['availability', toValue(lotId), toValue(window)]),
    queryFn: () => {
      const { from, to } = toValue(window)!
      return lotsApi.availability(toValue(lotId), from, to)
    },
    enabled: computed(() => toValue(window) !== null),
    staleTime: 5_000,
  })
}
