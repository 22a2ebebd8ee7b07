import { useI18n } from 'vue-i18n'
import { useFormat } from '@/shared/format/format'
import type { Tariff } from '@/shared/api/types'

/** Billing steps, in seconds, that have a word of their own. */
const STEPS: Record<number, string> = { 1: 'second', 60: 'minute', 3600: 'fullHour' }

/**
 * A whole tariff in one line: "€2.80/h · billed per 15 min · max €18/day · up to 15 min free". It
 * stands wherever a price stands; mails have the same line (backend/parking/pricing/texts.py).
 */
export function useTariffText() {
  const { t } = useI18n()
  const format = useFormat()
  const hourly = (price: number, currency: string) =>
    t('tariff.hour', { amount: format.price(price, currency) })

  /** A step or a free time: mostly whole minutes. (Intl would write "15 mins" in Britain.) */
  function span(seconds: number): string {
    const [unit, size] =
      seconds % 3600 === 0 ? ['h', 3600] : seconds % 60 === 0 ? ['min', 60] : ['s', 1]
    return t(`tariff.unit.${unit}`, { n: format.number(seconds / Number(size)) })
  }

  function parts(tariff: Tariff, currency: string): string[] {
    if (tariff.price_per_hour === 0) return [t('tariff.nothing')]
    const { billing_step_seconds: step, daily_cap: cap, free_minutes: free } = tariff
    const all = [
      hourly(tariff.price_per_hour, currency),
      STEPS[step] ? t(`tariff.${STEPS[step]}`) : t('tariff.step', { step: span(step) }),
    ]
    if (cap !== null)
      all.push(t(`tariff.cap.${tariff.cap_day}`, { amount: format.price(cap, currency) }))
    if (free > 0) all.push(t('tariff.free', { time: span(free * 60) }))
    return all
  }

  const line = (tariff: Tariff, currency: string) => parts(tariff, currency).join(' · ')

  return { parts, line, hourly }
}
