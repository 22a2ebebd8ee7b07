import { useQuery } from '@tanstack/vue-query'
import { computed, watch } from 'vue'
import { learnServerTime } from '@/shared/time/clock'
import { siteName } from '@/shared/browser/useTitle'
import { accountsApi } from './api'

/** The site's own settings: name, currency, password rule. They hardly ever change. */
export function useSite() {
  const query = useQuery({ queryKey: ['site'], queryFn: accountsApi.site, staleTime: Infinity })
  watch(
    query.data,
    (site) => {
      if (!site) return
      siteName.value = site.site_name
      learnServerTime(site.server_time)
    },
    { immediate: true },
  )
  return query
}

/** Whether the site is known to send no email: nobody is promised any then. */
export function useMailIsOff() {
  const site = useSite()
  return computed(() => site.data.value?.mail_configured === false)
}
