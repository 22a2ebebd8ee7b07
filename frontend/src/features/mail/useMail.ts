import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { usePaged } from '@/shared/list/usePaged'
import { mailApi, type Mail } from './api'

const PAGE = 50
const EVERY_MS = 10_000

export function useOutbox(filters: MaybeRefOrGetter<Record<string, string>>) {
  return usePaged({
    key: ['admin', 'emails'],
    filters,
    fetchPage: (params) => mailApi.list({ ...params, limit: PAGE }),
    items: (page) => page.emails,
    refetchMs: EVERY_MS,
  })
}

/** The last mails to one user. */
export function useMailsTo(userId: MaybeRefOrGetter<number>, limit: number) {
  return useQuery({
    queryKey: computed(() => ['admin', 'emails', 'to', toValue(userId)]),
    queryFn: async () => (await mailApi.list({ user_id: toValue(userId), limit })).emails,
  })
}

export function useMail(id: MaybeRefOrGetter<number | null>) {
  return useQuery({
    queryKey: computed(() => ['admin', 'email', toValue(id)]),
    queryFn: () => mailApi.one(toValue(id) as number),
    enabled: () => toValue(id) !== null,
  })
}

/** The names of the kinds of mail, in the reader's language. */
export function useMailKinds() {
  const { locale } = useI18n()
  const kinds = useQuery({
    queryKey: computed(() => ['admin', 'email-kinds', locale.value]),
    queryFn: () => mailApi.kinds(locale.value),
    staleTime: Infinity,
  })
  const labels = computed(
    () => new Map((kinds.data.value ?? []).map((one) => [one.kind, one.label])),
  )
  const label = (kind: string) => labels.value.get(kind) ?? kind.replaceAll('_', ' ')
  return { kinds, label }
}

/** Send again, discard, go on after a pause or a restore; the lists ask again afterwards. */
export function useMailActs() {
  const client = useQueryClient()
  const changed = async () => {
    await client.invalidateQueries({ queryKey: ['admin', 'emails'] })
    void client.invalidateQueries({ queryKey: ['admin', 'email'] })
    void client.invalidateQueries({ queryKey: ['admin', 'system'] })
  }
  const retry = useMutation({
    mutationFn: (mail: Mail) => mailApi.retry(mail.id),
    onSettled: changed,
  })
  const discard = useMutation({
    mutationFn: (mail: Mail) => mailApi.discard(mail.id),
    onSettled: changed,
  })
  const resume = useMutation({ mutationFn: mailApi.resume, onSettled: changed })
  const release = useMutation({ mutationFn: mailApi.release, onSettled: changed })
  return { retry, discard, resume, release }
}

export function useSystem() {
  return useQuery({
    queryKey: ['admin', 'system', 'status'],
    queryFn: mailApi.system,
    refetchInterval: EVERY_MS,
  })
}

export function useSchedule() {
  return useQuery({
    queryKey: ['admin', 'schedule'],
    queryFn: mailApi.schedule,
    refetchInterval: EVERY_MS,
  })
}
