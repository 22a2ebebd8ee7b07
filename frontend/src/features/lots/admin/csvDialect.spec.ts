import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { readAs, type CsvDialect } from './csvDialect'

async function description(locale: 'en' | 'de', dialect: CsvDialect): Promise<string> {
  await setLocale(locale)
  const { t } = i18n.global
  return t(...readAs(dialect, (key) => t(key)))
}

beforeAll(() => useTexts('features/lots/admin'))

describe('how a file was read', () => {
  const german = { encoding: 'windows-1252', separator: ';', decimal: ',' } as const

  it('is said in the language of the page', async () => {
    expect(await description('en', german)).toBe(
      'Read as Windows-1252, separated by semicolons, with a decimal comma',
    )
    expect(await description('de', german)).toBe(
      'Gelesen als Windows-1252, getrennt durch Semikolons, mit Dezimalkomma',
    )
    const program = { encoding: 'utf-8', separator: ',', decimal: '.' } as const
    expect(await description('en', program)).toBe(
      'Read as UTF-8, separated by commas, with a decimal point',
    )
  })

  it('says nothing of a decimal sign that no number shows', async () => {
    const tabs = { encoding: 'utf-16-le', separator: '\t', decimal: null } as const
    expect(await description('en', tabs)).toBe('Read as UTF-16, separated by tabs')
    expect(await description('de', tabs)).toBe('Gelesen als UTF-16, getrennt durch Tabulatoren')
  })
})
