import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { usePaged } from '@/shared/list/usePaged'
import { usersApi, type UserChange } from './api'

const PAGE = 50

export function useUsers(filters: MaybeRefOrGetter<Record<string, string>>) {
  return usePaged({
    key: ['admin', 'users'],
    filters,
    fetchPage: (params) => usersApi.list({ ...params, limit: PAGE }),
    items: (page) => page.users,
  })
}

export function useUser(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'user', toValue(id)]),
    queryFn: () => usersApi.one(toValue(id)),
  })
}

/** Changes an account; every list that shows it asks again. */
export function useUserChange(id: MaybeRefOrGetter<number>) {
  const client = useQueryClient()
  return async (change: UserChange) => {
    const changed = await usersApi.change(toValue(id), change)
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
    queryFn: () => usersApi.signIns(toValue(id)),
  })
}

/** Signs a user out everywhere; `factor`: and removes the second factor. */
export function useSignOut(id: MaybeRefOrGetter<number>) {
  const client = useQueryClient()
  return async ({ factor }: { factor: boolean }) => {
    await (factor ? usersApi.resetFactor : usersApi.signOut)(toValue(id))
    void client.invalidateQueries({ queryKey: ['admin', 'user', toValue(id), 'sign-ins'] })
    void client.invalidateQueries({ queryKey: ['admin', 'audit'] })
  }
}

const RECENT = 5

export function useRecentOf(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'bookings', 'of', toValue(id)]),
    queryFn: () => usersApi.bookings(toValue(id), RECENT),
  })
}
