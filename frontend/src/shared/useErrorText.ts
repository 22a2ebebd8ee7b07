import { useI18n } from 'vue-i18n'
import type { ApiError } from './errors'
import { hasMessage } from './i18n'

/** Says what happened and what to do next, in the person's language where we know the case. */
export function useErrorText() {
  const { t } = useI18n()
  return (error: ApiError): string => {
    if (hasMessage(`errors.code.${error.code}`)) return t(`errors.code.${error.code}`)
    if (error.status === 429) return t('errors.tooMany', { seconds: error.retryAfterSeconds ?? 60 })
    if (error.status === 503) return t('errors.unavailable')
    if (error.status >= 500) return t('errors.server')
    return error.message || t('errors.unexpected')
  }
}
