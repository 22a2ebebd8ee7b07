import type { MaybeRefOrGetter } from 'vue'
import { bookingsApi, type BookingFilters } from '@/features/bookings/api'
import { usePaged } from '@/shared/list/usePaged'

/** Bookings of a page of the history. */
const PAGE = 50

export function useHistory(filters: MaybeRefOrGetter<BookingFilters>) {
  return usePaged({
    key: ['bookings', 'history'],
    filters,
    fetchPage: (params) => bookingsApi.list({ ...params, limit: PAGE }),
    items: (page) => page.bookings,
    keepPrevious: false,
  })
}
