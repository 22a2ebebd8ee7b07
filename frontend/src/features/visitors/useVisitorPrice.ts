import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { bookingsApi } from '@/features/bookings/api'
import type { TimeWindow } from '@/features/bookings/window/windows'
import { useAvailability } from '@/features/lots/useLots'
import type { Lot } from '@/shared/api/types'
import { useFormat } from '@/shared/format/format'

/** What a window costs, and whether a spot is free then; both unknown without a window. */
export function useVisitorPrice(lot: () => Lot, window: Readonly<Ref<TimeWindow | null>>) {
  const format = useFormat()
  const quote = useQuery({
    queryKey: computed(() => ['quote', lot().id, lot().version, window.value]),
    queryFn: () => bookingsApi.quote(lot().id, window.value!.from, window.value!.to),
    enabled: computed(() => window.value !== null),
    staleTime: 60_000,
  })
  const availability = useAvailability(() => lot().id, window)
  const amount = computed(() => {
    const price = window.value && quote.data.value
    return price ? format.money(price.total_cost, price.currency) : ''
  })
  const then = computed(() => (window.value ? availability.data.value : undefined))
  return { amount, then, failed: quote.isError }
}
