import { useI18n } from 'vue-i18n'
import type { FieldErrors } from '@/shared/form/useForm'

/** Turns message keys of a check into sentences. */
export function useTranslatedErrors() {
  const { t } = useI18n()
  return (errors: FieldErrors, values: Record<string, unknown> = {}): FieldErrors =>
    Object.fromEntries(Object.entries(errors).map(([field, key]) => [field, t(key, values)]))
}
