import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ApiError } from '@/shared/api/errors'
import type { SpotClosure } from '@/shared/api/types'
import { useFormat } from '@/shared/format/format'

/** Why a selected spot was refused, where it is closed: from and until when, on the lot's clock. */
export function useSpotClosure(
  error: Readonly<Ref<ApiError | null>>,
  timezone: () => string,
  now: () => Date,
) {
  const { t } = useI18n()
  const format = useFormat()
  return computed(() => {
    const closure = error.value?.body.closure as SpotClosure | null | undefined
    if (!closure) return null
    const { from, until } = closure
    const time = (at: string) => format.until(at, timezone(), now())
    if (from && until)
      return t('bookWindow.closed.window', {
        window: format.timeRange(from, until, timezone(), now()),
      })
    if (from) return t('bookWindow.closed.from', { from: time(from) })
    return until ? t('bookWindow.closed.until', { until: time(until) }) : t('bookWindow.closed.now')
  })
}
