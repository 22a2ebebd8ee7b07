import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useSession } from '@/features/accounts/session'
import { learnServerTime } from '@/shared/time/clock'
import { online } from '@/shared/browser/network'
import { keepLast, readLast } from '@/shared/time/lastSeen'
import type { Booking, BookingEnvelope } from '@/shared/api/types'
import { bookingsApi, openBookings } from './api'

/** The open bookings last seen on this device; undefined when there are none. */
function lastOpen() {
  const seen = readLast<Booking>()
  return seen ? { bookings: seen.bookings, server_time: seen.at } : undefined
}

export function useOpenBookings() {
  const query = useQuery({
    queryKey: ['bookings', 'open'],
    queryFn: openBookings,
    initialData: () => (online.value ? undefined : lastOpen()),
  })
  const session = useSession()
  watch(query.data, (data) => {
    learnServerTime(data?.server_time)
    if (!data || !session.user) return
    const { bookings, server_time: at } = data
    if (localStorage.getItem('pw-end-reminder'))
      void import('./reminder/endReminder').then(({ schedule }) => schedule(bookings))
    keepLast(bookings.length ? { userId: session.user.id, at, bookings } : null)
  })
  return query
}

/** The last stays that have ended, newest first. What was cancelled, missed or is to come is no stay. */
export function useRecentStays() {
  return useQuery({
    queryKey: ['bookings', 'recent'],
    queryFn: () => bookingsApi.list({ status: 'Completed', limit: 20 }),
    select: (page) => page.bookings,
  })
}

export function useBooking(id: MaybeRefOrGetter<number>) {
  const query = useQuery({
    queryKey: computed(() => ['booking', toValue(id)]),
    queryFn: () => bookingsApi.one(toValue(id)),
    initialData: (): BookingEnvelope | undefined => {
      const seen = online.value ? undefined : lastOpen()
      const booking = seen?.bookings.find((one) => one.id === toValue(id))
      return booking && { booking }
    },
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
