import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useSession } from '@/features/accounts/session'
import { learnServerTime } from '@/shared/time/clock'
import { keepLast } from '@/shared/time/lastSeen'
import type { BookingEnvelope } from '@/shared/api/types'
import { bookingsApi, openBookings } from './api'

export function useOpenBookings() {
  const query = useQuery({ queryKey: ['bookings', 'open'], queryFn: openBookings })
  const session = useSession()
  watch(query.data, (data) => {
    learnServerTime(data?.server_time)
    if (!data || !session.user) return
    const [booking] = data.bookings
    keepLast(booking ? { userId: session.user.id, at: data.server_time, booking } : null)
  })
  return query
}

/** The last few bookings: for "Book again" and for showing the lots one knows first. */
export function useRecentBookings() {
  return useQuery({
    queryKey: ['bookings', 'recent'],
    queryFn: () => bookingsApi.list({ limit: 20 }),
    select: (page) => page.bookings,
  })
}

export function useBooking(id: MaybeRefOrGetter<number>) {
  const query = useQuery({
    queryKey: computed(() => ['booking', toValue(id)]),
    queryFn: () => bookingsApi.one(toValue(id)),
    // A reservation becomes a running booking by the clock alone.
    refetchInterval: 60_000,
  })
  watch(query.data, (data) => learnServerTime(data?.server_time), { immediate: true })
  return query
}

/** After a change: show the new booking at once and ask again for what depends on it. */
export function useBookingChanged() {
  const client = useQueryClient()
  return (answer: BookingEnvelope) => {
    learnServerTime(answer.server_time)
    client.setQueryData(['booking', answer.booking.id], answer)
    void client.invalidateQueries({ queryKey: ['bookings'] })
    void client.invalidateQueries({ queryKey: ['lots'] })
    void client.invalidateQueries({ queryKey: ['spots', answer.booking.lot_id] })
  }
}

/** Extend, cancel, check in: one call, then everything shows the new state. */
export function useBookingChange<V>(run: (input: V) => Promise<BookingEnvelope>) {
  const changed = useBookingChanged()
  return useMutation({ mutationFn: run, onSuccess: changed })
}
