import { keepPreviousData, useInfiniteQuery } from '@tanstack/vue-query'
import { computed, reactive, toValue, type MaybeRefOrGetter } from 'vue'

interface Page {
  next: string | null
}

/** A list that the API gives page by page: `fetchPage` gets the filters and the page's cursor. */
export function usePaged<P extends Page, T>(options: {
  key: readonly unknown[]
  filters: MaybeRefOrGetter<Record<string, string>>
  fetchPage: (params: Record<string, string | undefined>) => Promise<P>
  items: (page: P) => readonly T[]
  refetchMs?: number
}) {
  const query = useInfiniteQuery({
    queryKey: computed(() => [...options.key, toValue(options.filters)]),
    queryFn: ({ pageParam }) =>
      options.fetchPage({ ...toValue(options.filters), cursor: pageParam || undefined }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    // While one types, the last result stays instead of a flicker.
    placeholderData: keepPreviousData,
    refetchInterval: options.refetchMs ?? false,
  })
  const list = reactive({
    items: computed(() => query.data.value?.pages.flatMap((page) => options.items(page)) ?? []),
    pending: query.isPending,
    error: query.error,
    more: query.hasNextPage,
    fetchingMore: query.isFetchingNextPage,
  })
  const first = computed(() => query.data.value?.pages[0])
  return { list, first, refetch: query.refetch, fetchMore: query.fetchNextPage }
}
