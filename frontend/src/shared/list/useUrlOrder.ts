import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Sort } from './columns'
import { withoutEmpty } from './useUrlFilters'

/** Newest or oldest first by the column `key`, kept in the page's address like the filters; `order` is the API's word. */
export function useUrlOrder(key: string) {
  const route = useRoute()
  const router = useRouter()
  const order = computed(() => (route.query.order === 'oldest' ? 'oldest' : 'newest'))
  const sort = computed<Sort>({
    get: () => ({ key, descending: order.value === 'newest' }),
    set: ({ descending }) =>
      void router.replace({
        query: withoutEmpty({ ...route.query, order: descending ? '' : 'oldest' }),
      }),
  })
  return { sort, order }
}
