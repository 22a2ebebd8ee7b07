import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { Need } from '@/shared/api/types'
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

/** The spots of a lot with these features; nothing is asked without needs. The stream renews it. */
export function useMatching(
  lotId: MaybeRefOrGetter<number>,
  needs: MaybeRefOrGetter<readonly Need[]>,
) {
  return useQuery({
    queryKey: computed(() => ['matching', toValue(lotId), toValue(needs)]),
    queryFn: () => lotsApi.matching(toValue(lotId), toValue(needs)),
    enabled: computed(() => toValue(needs).length > 0),
  })
}

/** The same of all lots. */
export function useMatchingLots(needs: MaybeRefOrGetter<readonly Need[]>) {
  return useQuery({
    queryKey: computed(() => ['matching', 'all', toValue(needs)]),
    queryFn: () => lotsApi.matchingOfAll(toValue(needs)),
    enabled: computed(() => toValue(needs).length > 0),
  })
}

export function useAvailability(
  lotId: MaybeRefOrGetter<number>,
  window: MaybeRefOrGetter<{ from: string; to: string } | null>,
  needs: MaybeRefOrGetter<readonly Need[]> = [],
) {
  return useQuery({
    queryKey: computed(() => ['availability', toValue(lotId), toValue(window), toValue(needs)]),
    queryFn: () => {
      const { from, to } = toValue(window)!
      return lotsApi.availability(toValue(lotId), from, to, toValue(needs))
    },
    enabled: computed(() => toValue(window) !== null),
    staleTime: 5_000,
  })
}
