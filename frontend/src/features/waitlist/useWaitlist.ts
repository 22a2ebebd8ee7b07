import { useQuery, useQueryClient, type QueryClient } from '@tanstack/vue-query'
import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { learnServerTime } from '@/shared/time/clock'
import { waitlistApi, type FullRequest } from './api'
import { rememberEntries } from './lastEntries'
import type { Entry, EntryEnvelope, EntryList, Place } from './types'

const KEY = ['waitlist'] as const
const LIST = [...KEY, 'own'] as const
/** Somebody ahead may leave, of which the stream says nothing. */
const PLACES_MS = 30_000

export const readWaitlistAgain = (client: QueryClient) =>
  client.invalidateQueries({ queryKey: KEY })

const waits = (entry: Entry | undefined) => entry?.status === 'Waiting'

/** One's own places: those that wait or have an offer, then those that ended in the last day. */
export function useEntries() {
  const query = useQuery({
    queryKey: LIST,
    queryFn: waitlistApi.list,
    refetchInterval: ({ state }) => (state.data?.entries.some(waits) ? PLACES_MS : false),
  })
  watch(
    query.data,
    (data) => {
      learnServerTime(data?.server_time)
      if (data) rememberEntries(data.entries)
    },
    { immediate: true },
  )
  return query
}

/** One of one's own places, however old. */
export function useEntry(id: MaybeRefOrGetter<number>) {
  const query = useQuery({
    queryKey: computed(() => [...KEY, 'entry', toValue(id)]),
    queryFn: () => waitlistApi.one(toValue(id)),
    refetchInterval: ({ state }) => (waits(state.data?.entry) ? PLACES_MS : false),
  })
  watch(query.data, (data) => learnServerTime(data?.server_time), { immediate: true })
  return query
}

/** The place that one would get, or has; `known` is what a refused booking has said of it. */
export function usePlace(
  request: MaybeRefOrGetter<FullRequest>,
  known: MaybeRefOrGetter<Place | null | undefined>,
) {
  return useQuery({
    queryKey: computed(() => [...KEY, 'place', toValue(request)]),
    queryFn: () => waitlistApi.place(toValue(request)),
    placeholderData: () => toValue(known),
    refetchInterval: PLACES_MS,
  })
}

/** After a change: shows the entry as it is now at once, and asks again for what depends on it. */
export function useEntryChanged() {
  const client = useQueryClient()
  return (answer: EntryEnvelope) => {
    const { entry } = answer
    client.setQueryData<EntryEnvelope>([...KEY, 'entry', entry.id], (old) => ({ ...old, entry }))
    client.setQueryData<EntryList>(
      LIST,
      (list) =>
        list && {
          ...list,
          entries: list.entries.map((one) => (one.id === entry.id ? entry : one)),
        },
    )
    void readWaitlistAgain(client)
  }
}
