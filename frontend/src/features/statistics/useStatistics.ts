import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { statisticsApi, type HourQuery, type StatsQuery } from './api'

export function useAdminStats(query: MaybeRefOrGetter<StatsQuery>, everyMs?: number) {
  return useQuery({
    queryKey: computed(() => ['admin', 'stats', toValue(query)]),
    queryFn: () => statisticsApi.admin(toValue(query)),
    refetchInterval: everyMs ?? false,
    placeholderData: (before) => before,
  })
}

/** The days behind a cell of the heat map. */
export function useHourDays(query: MaybeRefOrGetter<HourQuery>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'stats', 'hour', toValue(query)]),
    queryFn: () => statisticsApi.hour(toValue(query)),
    placeholderData: (before) => before,
  })
}
