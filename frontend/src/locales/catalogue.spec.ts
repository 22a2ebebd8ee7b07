import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const here = `${process.cwd()}/src/locales`

/** Every message of a catalogue as "path" → text. */
function flat(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([key, inner]) =>
    flat(inner, path ? `${path}.${key}` : key),
  )
}
const read = (locale: string, file: string) =>
  new Map(flat(JSON.parse(readFileSync(`${here}/${locale}/${file}`, 'utf8'))))
const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

describe.each(readdirSync(`${here}/en`))('the catalogue %s', (file) => {
  const english = read('en', file)
  const german = read('de', file)

  it('has the same messages in both languages', () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('fills the same placeholders in both languages', () => {
    for (const [key, text] of english)
      expect([key, new Set(placeholders(german.get(key) ?? ''))]).toEqual([
        key,
        new Set(placeholders(text)),
      ])
  })

  it('leaves no message empty', () => {
    expect([...german.values(), ...english.values()].filter((text) => !text.trim())).toEqual([])
  })
})
