import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** What the administrator's pages said before they were put into the field's own words. */
const OLD = {
  en: [
    /\bin all\b/,
    /Become the administrator/,
    /By itself/,
    /Did not come/,
    /than a week before/,
    /Several spots/,
    /Back into service/,
    /A day for that limit/,
    /Everything runs|Not well/,
    /\b[Mm]ails?\b(?! server)/,
    /\btaken\b/,
  ],
  de: [
    /\bPl(atz|ätze|ätzen)\b/,
    /bleibt frei für/,
    /Parkt selbst/,
    /Ladesäule|Ladestation/,
    /(?<!E-)\bMails?\b/,
    /Mehrere Plätze/,
    /Belegungsgrad/,
  ],
}
const FOLDERS = [
  ...['statistics', 'lots', 'bookings', 'accounts', 'exports'].map((one) => `${one}/admin`),
  ...['audit', 'mail', 'reports', 'system'],
]

function texts(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts)
}

describe.each(FOLDERS)('the words of %s', (folder) => {
  it.each(['en', 'de'] as const)('are those of the field, in %s', (locale) => {
    const file = join(process.cwd(), `src/features/${folder}/locales/${locale}.json`)
    expect(existsSync(file)).toBe(true)
    const old = texts(JSON.parse(readFileSync(file, 'utf8'))).filter((text) =>
      OLD[locale].some((word) => word.test(text)),
    )
    expect(old).toEqual([])
  })
})

/** Second words for a thing that has one already, and what no native speaker would say. */
const OTHER = {
  en: [
    /\bseries\b/i,
    /\bstart page\b/,
    /keeps? (its|their) moment/,
    /no longer wait\b/,
    /cannot be had/,
  ],
  de: [
    /\bSerie\b/,
    /Administratoren|\bManager\b/,
    /Deaktiviert/,
    /Versäumte Buchung/,
    /Tageshöchstpreis|Abrechnungstakt/,
    /Protokoll des/,
    /Umstellung der Uhr/,
    /\bgeh\w* auf \w+ Warteliste|auf \w+ Warteliste ge?gangen/,
  ],
}

it.each(['en', 'de'] as const)('one thing has one word on every page, in %s', (locale) => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith(`locales/${locale}.json`),
  )
  expect(files.length).toBeGreaterThan(20)
  const other = files
    .flatMap((file) => texts(JSON.parse(readFileSync(join('src', file), 'utf8'))))
    .filter((text) => OTHER[locale].some((word) => word.test(text)))
  expect(other).toEqual([])
})

/** Buttons and signs of one word; the glossary explains two of them. */
const ALONE = { en: /^(Stay|Release|Well|Keyboard)$/, de: /^(Bleiben|Freigeben|Gut|Tastatur)$/ }

it.each(['en', 'de'] as const)('no button has its old word, in %s', (locale) => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith(`locales/${locale}.json`) && !file.startsWith('features/help'),
  )
  const all = files.flatMap((file) => texts(JSON.parse(readFileSync(join('src', file), 'utf8'))))
  expect(all.length).toBeGreaterThan(1000)
  expect(all.filter((text) => ALONE[locale].test(text))).toEqual([])
})
