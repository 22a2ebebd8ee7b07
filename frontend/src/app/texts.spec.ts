import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(process.cwd(), 'src')
const read = (file: string) => readFileSync(join(SRC, file), 'utf8')
const folders = readdirSync(SRC, { encoding: 'utf8', recursive: true })
  .filter((file) => file.endsWith('locales/en.json'))
  .map((file) => dirname(dirname(file)))

/** Every message of a file as path → text. */
function flat(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([key, inner]) =>
    flat(inner, path ? `${path}.${key}` : key),
  )
}
const texts = (folder: string, locale: string) =>
  new Map(flat(JSON.parse(read(`${folder}/locales/${locale}.json`))))
const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

describe.each(folders)('the texts of %s', (folder) => {
  const english = texts(folder, 'en')
  const german = texts(folder, 'de')

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

/** The folder that holds a group of messages (`booking`, `users`); errors have one place each. */
const folderOf = new Map(
  folders.flatMap((folder) =>
    Object.keys(JSON.parse(read(`${folder}/locales/en.json`)))
      .filter((group) => group !== 'errors')
      .map((group) => [group, folder] as const),
  ),
)

/** The file that an import names, from `from`; undefined for libraries. */
function resolveImport(name: string, from: string): string | undefined {
  const path = name.startsWith('@/')
    ? name.slice(2)
    : name.startsWith('.')
      ? normalize(join(dirname(from), name))
      : undefined
  return [path, `${path}.ts`].find((file) => file && existsSync(join(SRC, file)))
}

/** A page and all that it imports, at once or later. */
function closure(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || !/\.(vue|ts)$/.test(file)) return seen
  seen.add(file)
  for (const [, name] of read(file).matchAll(/(?:from|import\(?)\s*'([^']+)'/g)) {
    const next = resolveImport(name!, file)
    if (next) closure(next, seen)
  }
  return seen
}

/** The folders whose messages these files use. */
function used(files: Iterable<string>): string[] {
  const names = new Set<string>()
  for (const file of files)
    for (const [, group] of read(file).matchAll(/['`](\w+)\.[\w$]/g)) {
      const folder = folderOf.get(group!)
      if (folder) names.add(folder)
    }
  return [...names].sort()
}

const router = read('app/router.ts')
const constants = new Map(
  [...router.matchAll(/const (\w+) = (\['features[^\]]*\])/g)].map(([, name, list]) => [
    name!,
    list!,
  ]),
)
const BASE = ['shared', 'features/lots', 'features/bookings']
const adminPages = new Map(
  [...read('app/adminPages.ts').matchAll(/const (\w+) = .*'@\/(pages\/[^']+)'/g)].map(
    ([, name, page]) => [name!, page!],
  ),
)
const routes = [
  ...router.matchAll(
    /component: (?:\(\) => import\('@\/(pages\/[^']+)'\)|admin\('(\w+)'\))((?:(?!path:)[\s\S])*)/g,
  ),
].flatMap(([, driverPage, adminPage, rest]) => {
  const page = driverPage ?? adminPages.get(adminPage!)
  const list = /texts: (\w+|\[[^\]]*\])/.exec(rest!)?.[1] ?? '[]'
  const names = (constants.get(list) ?? list).matchAll(/'([^']+)'/g)
  return page ? [{ page, texts: [...names].map(([, name]) => name!) }] : []
})

describe('a page', () => {
  it('is known for every route', () => {
    expect(routes.length).toBeGreaterThan(20)
  })

  it.each(routes)('$page has all the texts that it uses', ({ page, texts }) => {
    const later = [...closure(page)].flatMap((file) =>
      [
        ...read(file).matchAll(
          /(?:lazyDialog\([^;]*?,\s+|useTexts\()((?:'features[^']+',?\s*)+)\)/g,
        ),
      ].flatMap(([, names]) => [...names!.matchAll(/'([^']+)'/g)].map(([, name]) => name!)),
    )
    const loaded = [...BASE, 'app', ...texts, ...later]
    expect(used(closure(page)).filter((folder) => !loaded.includes(folder))).toEqual([])
  })
})

/** Words that were replaced, by language. `disk_full` speaks of room on a disk. */
const REPLACED: Record<string, RegExp> = {
  en: /It is yours|need not choose|if you like|runs until you release it|\b[Mm]ails?\b(?! server|server)|Find another way|Everything runs|Not well|\bin all\b|Become the administrator|By itself|Did not come|less than a week before|Several spots|Back into service|A day for that limit|^Keyboard$|\bTo pay\b|\bthe series\b|start page|sends no email|or has ended/,
  de: /\bPl(atz|ätzen?|atzes)\b|bleibt frei für|Parkt selbst|Ihnen sicher|Lade(säule|station|platz)|\bE?-?[Mm]ails?\b(?<!E-Mails?)|\bBelegung\b|\bTastatur\b|\bSerien?\b|\bManager\b|Deaktiviert|Administratoren|Versäumte Buchung|Zeitüberschreitung|verschickt/,
}

describe.each(['en', 'de'])('the words in %s', (locale) => {
  const all = folders
    .flatMap((folder) => [...texts(folder, locale)])
    .filter(([key]) => !key.endsWith('disk_full'))

  it('are those that people use', () => {
    expect(all.filter(([, text]) => REPLACED[locale]!.test(text))).toEqual([])
  })
})
