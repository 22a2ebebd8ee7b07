import type { ApiError } from './errors'
import { duration, regional } from '@/shared/format/format'
import { hasMessage, i18n } from '@/shared/format/i18n'

const textFor = (key: string): string | null => (hasMessage(key) ? i18n.global.t(key) : null)

/**
 * What happened and what to do next, in the user's language. The server speaks English; what it
 * says is told by its code, for other languages also by the field or status (locales/de.json).
 */
export function errorText(error: ApiError): string {
  const { t, locale } = i18n.global
  const text = textFor(`errors.code.${error.code}`)
  if (text) return text
  if (error.status === 429) {
    const wait = error.retryAfterSeconds ?? 60
    // Whole minutes where it takes several.
    const seconds = wait < 120 ? wait : Math.ceil(wait / 60) * 60
    return t('errors.tooMany', { time: duration(regional(locale.value), seconds) })
  }
  if (error.status === 503) return t('errors.unavailable')
  if (error.status >= 500) return t('errors.server')
  const field = Object.keys(error.fields).find((name) => hasMessage(`errors.field.${name}`))
  if (field) return t(`errors.field.${field}`)
  return textFor(`errors.status.${error.status}`) ?? (error.message || t('errors.unexpected'))
}

/** What is wrong with one field of a form. */
export function fieldText(error: ApiError, name: string): string {
  return (
    textFor(`errors.code.${error.code}`) ??
    textFor(`errors.field.${name}`) ??
    textFor('errors.field.other') ??
    error.fields[name]?.[0] ??
    ''
  )
}

export const useErrorText = () => errorText
