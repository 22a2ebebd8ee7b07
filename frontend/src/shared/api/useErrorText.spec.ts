import { beforeEach, expect, it } from 'vitest'
import { errorFromAnswer } from './errors'
import { LOCALES, setLocale } from '@/shared/format/i18n'
import { errorText } from './useErrorText'

const answer = (status: number, code: string) =>
  errorFromAnswer(status, { code, detail: 'English.' }, () => null)

beforeEach(() => setLocale('en'))

it.each([500, 503])('says that an outcome is unknown, whatever its status (%i)', async (status) => {
  const texts: string[] = []
  for (const locale of LOCALES) {
    await setLocale(locale)
    texts.push(errorText(answer(status, 'outcome_unknown')))
  }
  expect(texts[0]).toMatch(/^We don't know whether this was completed\. Check your bookings/)
  expect(texts[1]).toMatch(/^Wir wissen nicht, ob das ausgeführt wurde/)
})

it('claims that nothing was changed only when the server says so', () => {
  expect(errorText(answer(503, 'storage_full'))).toContain('Nothing was changed')
  for (const code of ['outcome_unknown', 'internal', 'unavailable'])
    expect(errorText(answer(500, code))).not.toContain('Nothing was changed')
})

it.each([
  ['1', 'Wait 1 sec and try again', 'Warten Sie 1 Sek. und'],
  ['40', 'Wait 40 sec and', 'Warten Sie 40 Sek. und'],
  ['90', 'Wait 1 min and', 'Warten Sie 1 Min. und'],
  ['130', 'Wait 3 min and', 'Warten Sie 3 Min. und'],
  ['3600', 'Wait 1 h', 'Warten Sie 1 Std. und'],
])('says how long to wait after too many attempts: %s s', async (after, english, german) => {
  const error = errorFromAnswer(429, { code: 'rate_limited' }, (name) =>
    name === 'retry-after' ? after : null,
  )
  expect(errorText(error)).toContain(english)
  await setLocale('de')
  expect(errorText(error)).toContain(german)
})
