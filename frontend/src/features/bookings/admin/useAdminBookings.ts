import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { learnServerTime } from '@/shared/time/clock'
import type { Spot } from '@/shared/api/types'
import { usePaged } from '@/shared/list/usePaged'
import { adminBookingsApi, type AdminEnded } from './api'

const PAGE = 50
/** News comes in bursts; the list is asked for once in a while, and only while it is short. */
const REFRESH_MS = 2_000

/** Everyone's bookings that match, page by page. */
export function useAdminBookings(
  filters: MaybeRefOrGetter<Record<string, string>>,
  oldestFirst: MaybeRefOrGetter<boolean>,
) {
  const paged = usePaged({
    key: ['admin', 'bookings'],
    filters: () => ({ ...toValue(filters), order: toValue(oldestFirst) ? 'oldest' : 'newest' }),
    fetchPage: (params, signal) => adminBookingsApi.list({ ...params, limit: PAGE }, signal),
    items: (page) => page.bookings,
  })
  const { query } = paged
  watch(query.data, (data) => learnServerTime(data?.pages[0]?.server_time))

  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))
  /** Something has happened somewhere. */
  function scheduleRefresh(): void {
    if ((query.data.value?.pages.length ?? 0) > 1) return
    timer ??= setTimeout(() => {
      timer = undefined
      void query.refetch()
    }, REFRESH_MS)
  }
  return { ...paged, scheduleRefresh }
}

/** Filters without which a list may be as long as the whole past, which takes a while to add up. */
const NARROW = ['counted', 'overstayed', 'lot_id', 'user_id', 'spot_id', 'from'] as const

/** What a list comes to on all its pages, where it is not too long to add up. */
export function useBookingTotals(filters: MaybeRefOrGetter<Record<string, string>>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'bookings', 'totals', toValue(filters)]),
    queryFn: () => adminBookingsApi.totals(toValue(filters)),
    enabled: computed(() => {
      const params = toValue(filters)
      const live = params.status === 'Active' || params.status === 'Reserved'
      return live || NARROW.some((name) => params[name])
    }),
  })
}

/** The running booking of a spot and those to come, with all that an administrator may know. */
export function useSpotBookings(spot: () => Spot) {
  const of = (status: string) =>
    adminBookingsApi.list({ lot_id: spot().lot_id, spot_id: spot().id, status, limit: PAGE })
  const query = useQuery({
    // What the map says of the spot is part of the question: news on the map is asked about anew.
    queryKey: computed(() => {
      const { id, lot_id, booking, reservations } = spot()
      return ['admin', 'bookings', 'spot', lot_id, id, booking?.id ?? null, reservations]
    }),
    queryFn: async () => {
      const [active, reserved] = await Promise.all([of('Active'), of('Reserved')])
      return { active, reserved }
    },
    enabled: computed(() => Boolean(spot().booking) || spot().reservations.length > 0),
    placeholderData: keepPreviousData,
  })
  watch(query.data, (data) => learnServerTime(data?.reserved.server_time))
  const running = computed(() => query.data.value?.active.bookings[0] ?? null)
  const coming = computed(() =>
    [...(query.data.value?.reserved.bookings ?? [])].sort((a, b) =>
      a.start_time.localeCompare(b.start_time),
    ),
  )
  return { query, running, coming }
}

/** After an administrator ended a booking, everything that showed it is asked for again. */
export function useEnded() {
  const client = useQueryClient()
  return ({ booking }: AdminEnded) => {
    const shownIn = [
      ['admin', 'bookings'],
      ['bookings'],
      ['booking', booking.id],
      ['lots'],
      ['spots', booking.lot_id],
    ]
    for (const queryKey of shownIn) void client.invalidateQueries({ queryKey })
  }
}
