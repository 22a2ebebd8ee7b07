import { toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { useFormat } from '@/shared/format/format'
import type { Insight } from './insights'
import type { Unit } from './types'

/** Writes metrics in the reader's language. */
export function useMetricFormat(currency: MaybeRefOrGetter<string>) {
  const format = useFormat()
  const { t } = useI18n()

  const percent = (value: number) =>
    format.number(value / 100, {
      style: 'percent',
      maximumFractionDigits: value < 10 && value > 0 ? 1 : 0,
    })
  const money = (value: number) => format.money(value, toValue(currency))
  /** Short, for an axis: "30m", "8h", "1d". */
  const shortTime = (minutes: number) => {
    const name = minutes < 60 ? 'minute' : minutes < 1440 ? 'hour' : 'day'
    const length = { minute: 1, hour: 60, day: 1440 }[name]
    return format.number(minutes / length, { style: 'unit', unit: name, unitDisplay: 'narrow' })
  }
  /** Short, for an axis: "€120K". */
  const moneyShort = (value: number) =>
    format.number(value, { style: 'currency', currency: toValue(currency), notation: 'compact' })

  function metric(value: number | null, unit: Unit): string {
    if (value === null) return t('statistics.none')
    switch (unit) {
      case 'money':
      case 'money_per_spot_hour':
        return money(value)
      case 'percent':
        return percent(value)
      case 'seconds':
        return format.duration(value)
      case 'minutes':
        return format.duration(value * 60)
      case 'per_spot_day':
        return format.number(value, { maximumFractionDigits: 2 })
      default:
        return format.number(value)
    }
  }

  /** A calendar day, e.g. "Tue, 24 Nov". */
  const day = (text: string) => format.day(text)

  /** Calendar days from one to another, e.g. "Mon, 23 Nov – Sun, 29 Nov"; a single one has no end. */
  const days = (from: string, to: string) => (from === to ? day(from) : `${day(from)} – ${day(to)}`)

  /** The name of a weekday, 0 = Monday (1 January 2024 was one). */
  const weekday = (number: number, width: 'long' | 'short' = 'long') =>
    new Intl.DateTimeFormat(format.tag.value, { weekday: width, timeZone: 'UTC' }).format(
      new Date(Date.UTC(2024, 0, 1 + number)),
    )

  const hour = (number: number) => `${String(number).padStart(2, '0')}:00`

  /** Spot-hours, which are too many to be told in days. */
  const hours = (seconds: number) =>
    t('statistics.hours', { n: format.number(seconds / 3600, { maximumFractionDigits: 2 }) })

  function insight(source: Insight): string {
    const texts: Record<string, string> = {}
    for (const [name, value] of Object.entries(source.details)) {
      if (name === 'percent') texts[name] = percent(Number(value))
      else if (name === 'money') texts[name] = money(Number(value))
      else if (name === 'minutes') texts[name] = format.duration(Number(value) * 60)
      else if (name === 'day') texts[name] = day(String(value))
      else if (name === 'at') texts[name] = format.dateTime(String(value))
      else if (name === 'weekday') texts[name] = weekday(Number(value))
      else if (name === 'hour') texts[name] = `${hour(Number(value))}–${hour(Number(value) + 1)}`
      else texts[name] = typeof value === 'number' ? format.number(value) : value
    }
    return t(source.key, texts)
  }

  return {
    ...format,
    percent,
    money,
    moneyShort,
    shortTime,
    metric,
    day,
    days,
    weekday,
    hour,
    hours,
    insight,
  }
}
