import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { statisticsApi, type HourQuery, type StatsQuery } from './api'

/** Asks once `ready`: the days of a query may depend on what the page does not know yet. */
export function useAdminStats(
  query: MaybeRefOrGetter<StatsQuery>,
  ready: MaybeRefOrGetter<boolean>,
  everyMs?: number,
) {
  return useQuery({
    enabled: computed(() => toValue(ready)),
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
