import { resolveValue } from '@intlify/core-base'
import { createI18n, registerMessageResolver } from 'vue-i18n'
import type { Locale } from '@/shared/api/types'

/** Languages with complete texts. */
export const LOCALES: readonly Locale[] = ['en', 'de']

/**
 * The texts that every page needs. `shared/api` translates what the server says in English, so it
 * has no English file.
 */
const BASE = ['shared', 'shared/api', 'features/lots', 'features/bookings']

const LOCALE_KEY = 'pw-locale'
type Messages = Record<string, never>
/** `/src/features/lots/locales/en.json` → its loader. */
const files = import.meta.glob<Messages>('/src/**/locales/*.json', { import: 'default' })

// The small build of vue-i18n looks up flat keys unless told how to follow a path.
registerMessageResolver(resolveValue)

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: {} })
/** The folders whose texts are in use. */
const folders = new Set(BASE)
const loads = new Map<string, Promise<void>>()

/** The language set here before, else the first of the browser's that we speak, else English. */
export function preferredLocale(): Locale {
  const stored = localStorage.getItem(LOCALE_KEY)
  const tags = [stored, ...navigator.languages].map((tag) => tag?.split('-')[0])
  return (tags.find((tag) => LOCALES.includes(tag as Locale)) as Locale | undefined) ?? 'en'
}

const pathOf = (folder: string, locale: Locale) => `/src/${folder}/locales/${locale}.json`

/** Loads a file of texts once; after a failure the next call tries again. */
function load(locale: Locale, folder: string): Promise<void> {
  const path = pathOf(folder, locale)
  const file = files[path]
  const running = loads.get(path)
  if (running || !file) return running ?? Promise.resolve()
  const loading = file().then((messages) => i18n.global.mergeLocaleMessage(locale, messages))
  loads.set(path, loading)
  loading.catch(() => loads.delete(path))
  return loading
}

/** The language asked for last; until its texts are loaded, the one before is shown. */
let nextLocale: Locale = 'en'

/** Changes the language once all its texts are loaded, those requested meanwhile included. */
export async function setLocale(locale: Locale): Promise<void> {
  nextLocale = locale
  for (let known = 0; known < folders.size;) {
    known = folders.size
    await Promise.all([...folders].map((folder) => load(locale, folder)))
  }
  if (nextLocale !== locale) return setLocale(nextLocale)
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  localStorage.setItem(LOCALE_KEY, locale)
}

// A language set in one tab holds in the others.
window.addEventListener('storage', ({ key }) => {
  if (key === LOCALE_KEY) void setLocale(preferredLocale())
})

/** Loads the texts of folders such as `features/lots/admin`, now and for every later language. */
export async function useTexts(...names: string[]): Promise<void> {
  for (const name of names) {
    if (!files[pathOf(name, 'en')]) throw new Error(`${name} has no locales/en.json`)
    folders.add(name)
  }
  const locale = i18n.global.locale.value as Locale
  await Promise.all(names.map((name) => load(locale, name)))
}

/** Whether there is a message at this path, for keys that come from the server. */
export function hasMessage(path: string): boolean {
  const messages = i18n.global.getLocaleMessage(i18n.global.locale.value)
  return resolveValue(messages, path) !== null
}
