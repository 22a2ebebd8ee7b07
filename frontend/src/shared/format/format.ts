import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { decimalsOf } from './currencies'
import { displayTimezone, displayZoneKnown } from '@/shared/browser/preferences'
import { serverNow } from '@/shared/time/clock'
import { isKnownZone, safeZone } from '@/shared/time/zones'

/** Pure formatting by Intl: values and locale in, text out. Formatters are costly, so they are kept. */
const formatters = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>()

function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${locale}${JSON.stringify(options)}`
  const timeZone = safeZone(options.timeZone ?? 'UTC')
  if (!formatters.has(key))
    formatters.set(key, new Intl.DateTimeFormat(locale, { ...options, timeZone }))
  return formatters.get(key) as Intl.DateTimeFormat
}

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${locale}${JSON.stringify(options)}`
  if (!formatters.has(key))
    formatters.set(key, new Intl.NumberFormat(oneDecimalSign(locale), options))
  return formatters.get(key) as Intl.NumberFormat
}

/**
 * The locale, or its language alone where numbers and money have different decimal signs: "en-DE" writes 2.5 as "2,5"
 * and beside it "€2.50", and 2,063 bookings would read as two.
 */
function oneDecimalSign(locale: string): string {
  const signs = [{}, { style: 'currency', currency: 'EUR' } as const].map((options) => {
    const parts = new Intl.NumberFormat(locale, options).formatToParts(2.5)
    return parts.find(({ type }) => type === 'decimal')?.value
  })
  return signs[0] === signs[1] ? locale : new Intl.Locale(locale).language
}

/** The decimals are the currency's own by the server's rule: Intl drops those of some that have them. */
export function money(locale: string, amount: number, currency: string): string {
  const digits = decimalsOf(amount, currency)
  const decimals = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  try {
    return numberFormat(locale, { style: 'currency', currency, ...decimals }).format(amount)
  } catch {
    // Not three letters: no currency that Intl would write.
    return `${number(locale, amount, decimals)} ${currency}`
  }
}

/** The same without decimals where the amount is whole: "€18" for prices in a line of text. */
export function price(locale: string, amount: number, currency: string): string {
  const text = { style: 'currency', currency, maximumFractionDigits: 0 } as const
  try {
    if (Number.isInteger(amount)) return numberFormat(locale, text).format(amount)
  } catch {
    // Not three letters, as above.
  }
  return money(locale, amount, currency)
}

/** The sign of a currency, such as €; the code of one that has none. */
export function currencySign(locale: string, currency: string): string {
  try {
    const parts = numberFormat(locale, { style: 'currency', currency }).formatToParts(0)
    return parts.find(({ type }) => type === 'currency')?.value ?? currency
  } catch {
    return currency
  }
}

export function number(
  locale: string,
  value: number,
  options: Intl.NumberFormatOptions = {},
): string {
  return numberFormat(locale, options).format(value)
}

export function percent(locale: string, ratio: number): string {
  return numberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(ratio)
}

/** A clock time, e.g. "14:05" or "2:05 PM". */
export function time(locale: string, at: string | Date, timeZone: string, seconds = false): string {
  const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZone }
  if (seconds) options.second = '2-digit'
  return dateFormat(locale, options).format(new Date(at))
}

export function date(locale: string, at: string | Date, timeZone: string): string {
  return dateFormat(locale, { dateStyle: 'medium', timeZone }).format(new Date(at))
}

const DAY = { weekday: 'short', day: 'numeric', month: 'short' } as const

/** The year of a date that is written without it otherwise: where it is not the present one in that zone. */
function otherYear(at: string | Date, timeZone: string, now: Date): { year?: 'numeric' } {
  const year = (one: string | Date) => dayKey(one, timeZone).slice(0, 4)
  return year(at) === year(now) ? {} : { year: 'numeric' }
}

/** "Mon 2 Mar, 15:00", with the year where it is not this year there. */
export function dateTime(locale: string, at: string | Date, timeZone: string, now: Date): string {
  return dateFormat(locale, {
    ...DAY,
    ...otherYear(at, timeZone, now),
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(new Date(at))
}

/** A calendar day, "2026-03-03", as "Tue 3 Mar"; with the year where it is not that of `today`. */
export function day(locale: string, text: string, today: string): string {
  const [at, now] = [text, today].map((one) => new Date(`${one}T12:00:00Z`)) as [Date, Date]
  return dateFormat(locale, { ...DAY, ...otherYear(at, 'UTC', now), timeZone: 'UTC' }).format(at)
}

/** Date with its year, and time: for papers that are kept. */
export function fullDateTime(locale: string, at: string | Date, timeZone: string): string {
  return dateFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(
    new Date(at),
  )
}

/** The calendar day of an instant in a zone as YYYY-MM-DD. */
export function dayKey(at: string | Date, timeZone: string): string {
  return dateFormat('en-CA', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    timeZone,
  }).format(new Date(at))
}

/** "14:00 – 17:00", with the day where it is not today (or `dated`), and both days where they differ. */
export function timeRange(
  locale: string,
  from: string,
  to: string,
  timeZone: string,
  now: Date,
  dated = false,
): string {
  const dayOf = (at: string | Date) => dayKey(at, timeZone)
  const clock = (at: string) => time(locale, at, timeZone)
  const full = (at: string) => dateTime(locale, at, timeZone, now)
  const sameDay = dayOf(from) === dayOf(to)
  const start = sameDay && !dated && dayOf(from) === dayOf(now) ? clock(from) : full(from)
  const end = sameDay ? clock(to) : full(to)
  return `${start} – ${end}`
}

function unit(locale: string, value: number, name: 'second' | 'hour' | 'minute' | 'day'): string {
  return numberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
}

/** A span in at most two units: "3 days 4 hr", "2 hr 5 min", "40 sec". Never negative. */
export function duration(locale: string, seconds: number): string {
  if (seconds < 60) return unit(locale, Math.max(0, Math.floor(seconds)), 'second')
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  const parts =
    days > 0
      ? [unit(locale, days, 'day'), hours % 24 ? unit(locale, hours % 24, 'hour') : '']
      : hours > 0
        ? [unit(locale, hours, 'hour'), minutes % 60 ? unit(locale, minutes % 60, 'minute') : '']
        : [unit(locale, minutes, 'minute')]
  return parts.filter(Boolean).join(' ')
}

/** "350 m" or "1.2 km". */
export function distance(locale: string, km: number): string {
  const near = km < 1
  const options = { style: 'unit', unit: near ? 'meter' : 'kilometer' } as const
  return near
    ? number(locale, Math.round(km * 100) * 10, options)
    : number(locale, km, { ...options, maximumFractionDigits: km < 10 ? 1 : 0 })
}

export function fileSize(locale: string, bytes: number): string {
  const [value, name] = bytes < 1_000_000 ? [bytes / 1000, 'kilobyte'] : [bytes / 1e6, 'megabyte']
  return numberFormat(locale, {
    style: 'unit',
    unit: name,
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(value)
}

/** The zone's short name at that moment, e.g. "CET" or "GMT+2". */
export function zoneName(locale: string, at: string | Date, timeZone: string): string {
  const parts = dateFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(new Date(at))
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? timeZone
}

/** Whether two zones show the same clock at that moment. */
export function sameClock(at: string | Date, a: string, b: string): boolean {
  const clock = (zone: string) =>
    dateFormat('en-GB', { dateStyle: 'short', timeStyle: 'short', timeZone: zone }).format(
      new Date(at),
    )
  return a === b || clock(a) === clock(b)
}

/** The formatters in the user's language; times in the given (lot's) zone, named where it differs. */
export function useFormat() {
  const { locale } = useI18n()
  const tag: ComputedRef<string> = computed(() => regional(locale.value))
  const plain = (at: string | Date, zone: string) =>
    displayZoneKnown.value && isKnownZone(zone) && sameClock(at, zone, displayTimezone.value)
  const zoned = (text: string, at: string | Date, zone: string) =>
    plain(at, zone) ? text : `${text} ${zoneName(tag.value, at, zone)}`
  return {
    tag,
    money: (amount: number, currency: string) => money(tag.value, amount, currency),
    price: (amount: number, currency: string) => price(tag.value, amount, currency),
    number: (value: number, options?: Intl.NumberFormatOptions) =>
      number(tag.value, value, options),
    currencySign: (currency: string) => currencySign(tag.value, currency),
    percent: (ratio: number) => percent(tag.value, ratio),
    duration: (seconds: number) => duration(tag.value, seconds),
    distance: (km: number) => distance(tag.value, km),
    fileSize: (bytes: number) => fileSize(tag.value, bytes),
    date: (at: string, zone = displayTimezone.value) => date(tag.value, at, zone),
    time: (at: string, zone = displayTimezone.value) => zoned(time(tag.value, at, zone), at, zone),
    clock: (at: string | Date) =>
      zoned(time(tag.value, at, displayTimezone.value, true), at, displayTimezone.value),
    dateTime: (at: string, zone = displayTimezone.value) =>
      zoned(dateTime(tag.value, at, zone, serverNow()), at, zone),
    /** A calendar day of the lot in that zone. */
    day: (text: string, zone = displayTimezone.value) =>
      day(tag.value, text, dayKey(serverNow(), zone)),
    fullDateTime: (at: string, zone: string) => {
      const text = fullDateTime(tag.value, at, zone)
      return `${text} ${zoneName(tag.value, at, zone)}`
    },
    /** Until when: the time alone when that is today. */
    until: (at: string, zone: string, now: Date) =>
      dayKey(at, zone) === dayKey(now, zone)
        ? zoned(time(tag.value, at, zone), at, zone)
        : zoned(dateTime(tag.value, at, zone, now), at, zone),
    /** Two wall-clock texts of that zone ("2026-03-02T09:00"), written out with their day. */
    wallRange: (from: string, to: string, zone: string, now: Date) => {
      const there = new Date(`${dayKey(now, zone)}T12:00:00Z`)
      return timeRange(tag.value, `${from}Z`, `${to}Z`, 'UTC', there, true)
    },
    timeRange: (from: string, to: string, zone: string, now: Date) =>
      zoned(timeRange(tag.value, from, to, zone, now), from, zone),
  }
}

/**
 * The chosen language as the reader's region writes it: "en-GB" in a British browser, and "en-DE" in a German one, which
 * has hours up to 24, although German browsers name en-US as their second language.
 */
export function regional(language: string): string {
  try {
    // Some systems hand out tags that no standard knows ("en-US@posix").
    const first = new Intl.Locale(navigator.languages[0] ?? language)
    if (first.language === language) return first.baseName
    const { region } = first.maximize()
    return region ? `${language}-${region}` : language
  } catch {
    return language
  }
}
