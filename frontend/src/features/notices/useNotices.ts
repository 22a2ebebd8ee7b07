import { useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { computed, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { asApiError } from '@/shared/api/errors'
import { announce } from '@/shared/browser/announce'
import { usePaged } from '@/shared/list/usePaged'
import { useStream } from '@/shared/realtime/useStream'
import { noticesApi, type Notice, type NoticePage } from './api'

const KEY = ['notices'] as const

/** Takes a notice out of the pages that are loaded. */
export function without(data: InfiniteData<NoticePage>, id: number): InfiniteData<NoticePage> {
  const had = data.pages.some((page) => page.notices.some((one) => one.id === id))
  const pages = data.pages.map((page) => ({
    ...page,
    notices: page.notices.filter((one) => one.id !== id),
    total: page.total - (had ? 1 : 0),
  }))
  return { ...data, pages }
}

/**
 * One's notices, kept current by the event stream. A new one is announced: in the page's live
 * region, and in `status` for the dialog, since what is outside an open dialog is silent.
 */
export function useNotices() {
  const { t, locale } = useI18n()
  const client = useQueryClient()
  // The server writes them in the language of the account; another language is another list.
  const { list, first, refetch, fetchMore } = usePaged({
    key: KEY,
    filters: computed(() => ({ locale: locale.value })),
    fetchPage: ({ cursor }) => noticesApi.list(cursor),
    items: (page: NoticePage) => page.notices,
  })
  const askAgain = () => client.invalidateQueries({ queryKey: KEY })
  useStream(null, {
    event: (name) => {
      if (name === 'notice') void askAgain()
    },
    poll: askAgain,
  })

  const status = ref('')
  function tell(text: string): void {
    status.value = text
    announce(text)
  }

  let newest: number | null = null
  watch(
    first,
    (page) => {
      if (!page) return
      const arrived = page.notices.filter((one) => newest !== null && one.id > newest)
      if (newest === null && page.total) tell(t('notices.count', page.total))
      else if (arrived.length) tell(arrived.map((one) => `${one.title}. ${one.place}`).join('. '))
      newest = Math.max(newest ?? 0, ...page.notices.map((one) => one.id))
    },
    { immediate: true },
  )

  /** Null while it is unknown. */
  const total = computed(() => first.value?.total ?? null)

  /** Dismisses a notice in every tab. Throws ApiError. */
  async function dismiss(notice: Notice): Promise<void> {
    await noticesApi.dismiss(notice.id).catch((thrown: unknown) => {
      // Somebody or something else has removed it: what was wanted is so.
      if (asApiError(thrown).status !== 404) throw thrown
    })
    client.setQueriesData<InfiniteData<NoticePage>>(
      { queryKey: KEY },
      (data) => data && without(data, notice.id),
    )
    tell(t('notices.dismissed', total.value ?? 0))
    void askAgain()
  }

  return { list, total, status, refetch, fetchMore, dismiss }
}
