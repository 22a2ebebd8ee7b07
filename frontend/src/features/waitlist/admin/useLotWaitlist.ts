import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { http } from '@/shared/api/http'
import { usePaged } from '@/shared/list/usePaged'
import { learnServerTime } from '@/shared/time/clock'
import type { AdminEntryPage, EntryStatus } from '@/features/waitlist/types'

export interface LotWaitlistFilters {
  lot_id: number
  /** Without it, who waits or has an offer. */
  status?: EntryStatus
}
const PAGE = 50
/** The stream tells nobody's place. */
const EVERY_MS = 15_000

export const adminWaitlistApi = {
  list: (params: LotWaitlistFilters & { cursor?: string }, signal?: AbortSignal) =>
    http.get<AdminEntryPage>('/api/admin/waitlist', { params: { limit: PAGE, ...params }, signal }),
}

/** The waitlist of a lot, in the order in which it is served; with a status, the newest first. */
export function useLotWaitlist(filters: MaybeRefOrGetter<LotWaitlistFilters>) {
  const paged = usePaged({
    key: ['admin', 'waitlist'],
    filters: computed(() => toValue(filters)),
    fetchPage: adminWaitlistApi.list,
    items: (page: AdminEntryPage) => page.entries,
    refetchMs: EVERY_MS,
  })
  watch(paged.first, (page) => learnServerTime(page?.server_time))
  return { ...paged, total: computed(() => paged.first.value?.total ?? null) }
}
