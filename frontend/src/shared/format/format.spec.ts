import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  dateTime,
  day,
  dayKey,
  duration,
  money,
  number,
  percent,
  regional,
  sameClock,
  timeRange,
  useFormat,
  zoneName,
} from './format'
import { i18n, setLocale } from './i18n'

/** Intl separates with several kinds of space; the kind is not what is tested here. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

describe('numbers', () => {
  it.each([
    ['en-DE', '2,063.5', '€20,221.22', '43%'],
    ['en-FR', '2,063.5', '€20,221.22', '43%'],
    ['en-GB', '2,063.5', '€20,221.22', '43%'],
    ['de-DE', '2.063,5', '20.221,22 €', '43 %'],
    ['de-AT', '2 063,5', '€ 20.221,22', '43 %'],
  ])('have the decimal sign of the money beside them in %s', (locale, value, amount, part) => {
    expect(plain(number(locale, 2063.5))).toBe(value)
    expect(plain(money(locale, 20221.22, 'EUR'))).toBe(amount)
    expect(plain(percent(locale, 0.43))).toBe(part)
  })
})

describe('money', () => {
  it('follows the locale and the currency', () => {
    expect(plain(money('en-GB', 1234.5, 'EUR'))).toBe('€1,234.50')
    expect(plain(money('de-DE', 1234.5, 'EUR'))).toBe('1.234,50 €')
    expect(plain(money('ja-JP', 500, 'JPY'))).toMatch(/500$/)
    expect(plain(money('en-GB', 310, 'ISK'))).toBe('ISK 310')
    // An amount from before the rule is told as it stands, like in the mails and files.
    expect(plain(money('en-GB', 310.08, 'KRW'))).toBe('₩310.08')
    // Intl would write these two without decimals.
    expect(plain(money('en-GB', 310.08, 'HUF'))).toBe('HUF 310.08')
    expect(plain(money('en-GB', 310, 'IDR'))).toBe('IDR 310.00')
  })
})

describe('duration', () => {
  it('uses at most two units, and seconds only below a minute', () => {
    expect(plain(duration('en-US', 40))).toBe('40 sec')
    expect(plain(duration('en-US', 65))).toBe('1 min')
    expect(plain(duration('en-US', 3600))).toBe('1 hr')
    expect(plain(duration('en-US', 7500))).toBe('2 hr 5 min')
    expect(plain(duration('en-US', 3 * 86_400 + 4 * 3600 + 59))).toBe('3 days 4 hr')
  })

  it('is never negative', () => {
    expect(plain(duration('en-US', -5))).toBe('0 sec')
  })
})

describe('times in the lot’s zone', () => {
  const now = new Date('2026-03-02T12:00:00Z')

  it('leaves the day out when it is today there', () => {
    const text = timeRange(
      'en-GB',
      '2026-03-02T15:00:00Z',
      '2026-03-02T17:00:00Z',
      'Europe/Berlin',
      now,
    )
    expect(text).toBe('16:00 – 18:00')
  })

  it('names both days of a stay over midnight', () => {
    const text = timeRange(
      'en-GB',
      '2026-03-02T22:00:00Z',
      '2026-03-03T01:00:00Z',
      'Europe/Berlin',
      now,
    )
    expect(text).toMatch(/2 Mar.*23:00 – .*3 Mar.*02:00/)
  })

  it('knows the calendar day of the zone, not of the machine', () => {
    expect(dayKey('2026-03-02T23:30:00Z', 'Europe/Berlin')).toBe('2026-03-03')
    expect(dayKey('2026-03-02T23:30:00Z', 'America/New_York')).toBe('2026-03-02')
  })

  it('tells zones apart by their clocks, and names them', () => {
    expect(sameClock('2026-07-01T12:00:00Z', 'Europe/Berlin', 'Europe/Paris')).toBe(true)
    expect(sameClock('2026-07-01T12:00:00Z', 'Europe/Berlin', 'Europe/London')).toBe(false)
    expect(zoneName('en-GB', '2026-07-01T12:00:00Z', 'Europe/Berlin')).toBe('CEST')
  })
})

describe('the year of a date', () => {
  const BERLIN = 'Europe/Berlin'
  const NEW_YORK = 'America/New_York'
  /** Half an hour before New Year in Berlin, and half an hour after. */
  const [before, after] = ['2026-12-31T22:30:00Z', '2026-12-31T23:30:00Z']
  const written = (at: string, zone: string, now: string) =>
    dateTime('en-GB', at, zone, new Date(now))

  it.each([
    [after, BERLIN, before, 'Fri, 1 Jan 2027, 00:30'],
    [before, BERLIN, after, 'Thu, 31 Dec 2026, 23:30'],
    [after, NEW_YORK, before, 'Thu, 31 Dec, 18:30'],
    [before, NEW_YORK, after, 'Thu, 31 Dec, 17:30'],
    [after, BERLIN, after, 'Fri, 1 Jan, 00:30'],
    ['2025-12-31T23:30:00Z', BERLIN, before, 'Thu, 1 Jan, 00:30'],
    ['2025-12-31T23:30:00Z', NEW_YORK, before, 'Wed, 31 Dec 2025, 18:30'],
  ])('%s in %s, read at %s, is %s', (at, zone, now, text) => {
    expect(written(at, zone, now).replace(/^(\w+) /, '$1, ')).toBe(text)
  })

  it('is told where it is another one, in German too', () => {
    expect(dateTime('de-DE', after, BERLIN, new Date(before))).toMatch(/1\. Jan\.? 2027/)
    expect(dateTime('de-DE', after, BERLIN, new Date(after))).not.toContain('2027')
  })

  it('is told on the one side of a range over New Year', () => {
    const text = timeRange('en-GB', before, after, BERLIN, new Date('2026-12-30T12:00:00Z'))
    expect(text).toMatch(/31 Dec, 23:30 – .*1 Jan 2027, 00:30/)
    expect(timeRange('en-GB', after, after, BERLIN, new Date(before))).toMatch(
      /1 Jan 2027, 00:30 – 00:30/,
    )
  })

  it('is told of calendar days, too', () => {
    expect(day('en-GB', '2027-01-01', '2026-12-31')).toMatch(/1 Jan 2027$/)
    expect(day('en-GB', '2027-01-01', '2027-12-31')).toMatch(/1 Jan$/)
    expect(day('en-GB', '2026-12-31', '2027-01-01')).toMatch(/31 Dec 2026$/)
  })

  it('of wall times is compared with the year of their zone', async () => {
    await setLocale('en')
    let format: ReturnType<typeof useFormat>
    const reader = { setup: () => ((format = useFormat()), () => null) }
    mount(reader, { global: { plugins: [i18n] } })
    const read = (day: string, now: string) =>
      format.wallRange(`${day}T09:00`, `${day}T10:00`, BERLIN, new Date(now))
    expect(read('2027-01-01', after)).not.toContain('2027')
    expect(read('2027-01-01', before)).toContain('2027')
    expect(read('2026-12-31', before)).not.toContain('2026')
    // The day is written, also today's.
    expect(read('2026-12-31', before)).toMatch(/31 Dec|Dec 31/)
  })
})

describe('the reader’s region', () => {
  const inBrowser = (...languages: string[]) =>
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages)
  afterEach(() => vi.restoreAllMocks())

  it.each([
    [['en-GB', 'en'], 'en', 'en-GB'],
    [['de-DE', 'de', 'en-US', 'en'], 'en', 'en-DE'],
    [['de', 'en-US'], 'en', 'en-DE'],
    [['de-AT'], 'de', 'de-AT'],
    [['en-US'], 'de', 'de-US'],
    [['en-US@posix'], 'en', 'en'],
    [[], 'de', 'de'],
  ])('of a browser with %j in %s is %s', (languages, language, tag) => {
    inBrowser(...languages)
    expect(regional(language)).toBe(tag)
  })

  it('has hours up to 24 in Germany, in English too', () => {
    inBrowser('de-DE', 'de', 'en-US', 'en')
    const at = new Date('2026-03-02T15:00:00Z')
    const time = { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' } as const
    expect(new Intl.DateTimeFormat(regional('en'), time).format(at)).toBe('15:00')
    expect(new Intl.DateTimeFormat(regional('de'), time).format(at)).toBe('15:00')
  })
})
