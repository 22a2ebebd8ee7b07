import { keepPreviousData, useInfiniteQuery } from '@tanstack/vue-query'
import { computed, reactive, toValue, type MaybeRefOrGetter } from 'vue'

interface Page {
  next: string | null
}

/**
 * A list that the API gives page by page: `fetchPage` gets the filters and the page's cursor.
 * While new filters are asked for, the last result stays instead of a flicker, unless `keepPrevious` is false.
 */
export function usePaged<P extends Page, T, F extends object>(options: {
  key: readonly unknown[]
  filters: MaybeRefOrGetter<F>
  fetchPage: (params: F & { cursor: string | undefined }, signal: AbortSignal) => Promise<P>
  items: (page: P) => readonly T[]
  refetchMs?: number
  keepPrevious?: boolean
}) {
  const query = useInfiniteQuery({
    queryKey: computed(() => [...options.key, toValue(options.filters)]),
    queryFn: ({ pageParam, signal }) =>
      options.fetchPage({ ...toValue(options.filters), cursor: pageParam || undefined }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: options.keepPrevious === false ? undefined : keepPreviousData,
    refetchInterval: options.refetchMs ?? false,
  })
  const list = reactive({
    items: computed(() => query.data.value?.pages.flatMap((page) => options.items(page)) ?? []),
    pending: query.isPending,
    error: query.error,
    more: query.hasNextPage,
    fetchingMore: query.isFetchingNextPage,
    moreFailed: query.isFetchNextPageError,
  })
  const first = computed(() => query.data.value?.pages[0])
  return { query, list, first, refetch: query.refetch, fetchMore: query.fetchNextPage }
}
