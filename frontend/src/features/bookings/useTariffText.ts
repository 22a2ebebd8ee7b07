import { useI18n } from 'vue-i18n'
import { useFormat } from '@/shared/format/format'
import type { Tariff } from '@/shared/api/types'

/** A tariff in sentences: the hourly price, then whatever differs from paying by the second. */
export function useTariffText() {
  const { t } = useI18n()
  const format = useFormat()
  return (tariff: Tariff, currency: string): string[] => [
    t('lots.perHour', { price: format.money(tariff.price_per_hour, currency) }),
    ...(tariff.billing_step_seconds >= 60
      ? [t('tariff.step', { step: format.duration(tariff.billing_step_seconds) })]
      : []),
    ...(tariff.free_minutes > 0
      ? [t('tariff.free', { time: format.duration(tariff.free_minutes * 60) })]
      : []),
    ...(tariff.daily_cap !== null
      ? [t('tariff.cap', { amount: format.money(tariff.daily_cap, currency) })]
      : []),
  ]
}
