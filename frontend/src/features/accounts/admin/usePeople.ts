import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { usePaged } from '@/shared/list/usePaged'
import { peopleApi, type PersonChange } from './api'

const PAGE = 50

export function usePeople(filters: MaybeRefOrGetter<Record<string, string>>) {
  return usePaged({
    key: ['admin', 'users'],
    filters,
    fetchPage: (params) => peopleApi.list({ ...params, limit: PAGE }),
    items: (page) => page.users,
  })
}

export function usePerson(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'user', toValue(id)]),
    queryFn: () => peopleApi.one(toValue(id)),
  })
}

/** Changes an account; every list that shows it asks again. */
export function usePersonChange(id: MaybeRefOrGetter<number>) {
  const client = useQueryClient()
  return async (change: PersonChange) => {
    const changed = await peopleApi.change(toValue(id), change)
    client.setQueryData(['admin', 'user', changed.id], changed)
    void client.invalidateQueries({ queryKey: ['admin', 'user', changed.id, 'sign-ins'] })
    void client.invalidateQueries({ queryKey: ['admin', 'users'] })
    void client.invalidateQueries({ queryKey: ['admin', 'audit'] })
    return changed
  }
}

export function useSignIns(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'user', toValue(id), 'sign-ins']),
    queryFn: () => peopleApi.signIns(toValue(id)),
  })
}

/** Signs a person out everywhere. */
export function useSignOut(id: MaybeRefOrGetter<number>) {
  const client = useQueryClient()
  return async () => {
    await peopleApi.signOut(toValue(id))
    void client.invalidateQueries({ queryKey: ['admin', 'user', toValue(id), 'sign-ins'] })
    void client.invalidateQueries({ queryKey: ['admin', 'audit'] })
  }
}

const RECENT = 5

export function useRecentOf(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'bookings', 'of', toValue(id)]),
    queryFn: () => peopleApi.bookings(toValue(id), RECENT),
  })
}
