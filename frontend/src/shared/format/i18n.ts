import { resolveValue } from '@intlify/core-base'
import { createI18n, registerMessageResolver } from 'vue-i18n'
import type { Locale } from '@/shared/api/types'

/** Languages with a complete catalogue. */
export const LOCALES: readonly Locale[] = ['en', 'de']
/**
 * `page`: parking itself, part of the first load; `more`: accounts, history and papers; `admin`: the
 * desk; `server`: what the server says in English, so there is none in English.
 */
export type Catalogue = 'page' | 'server' | 'more' | 'admin' | 'figures' | 'adminLots' | 'desk'

const LOCALE_KEY = 'pw-locale'
type Messages = Record<string, never>
const files = import.meta.glob<Messages>('../../locales/*/*.json', { import: 'default' })

// The small build of vue-i18n looks up flat keys unless told how to follow a path.
registerMessageResolver(resolveValue)

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: {} })
const wanted = new Set<Catalogue>(['page', 'server'])
const loaded = new Set<string>()

/** The language chosen here before, else the first of the browser's that we speak, else English. */
export function preferredLocale(): Locale {
  const kept = localStorage.getItem(LOCALE_KEY)
  const tags = [kept, ...navigator.languages].map((tag) => tag?.split('-')[0])
  return (tags.find((tag) => LOCALES.includes(tag as Locale)) as Locale | undefined) ?? 'en'
}

async function load(locale: Locale, catalogue: Catalogue): Promise<void> {
  const path = `../../locales/${locale}/${catalogue}.json`
  if (loaded.has(path)) return
  const messages = await files[path]?.()
  if (!messages) return
  i18n.global.mergeLocaleMessage(locale, messages)
  loaded.add(path)
}

/** The language last asked for; while its texts are on their way, the one before is still shown. */
let aim: Locale = 'en'

/** Changes the language once all its texts are there, those that are asked for meanwhile included. */
export async function setLocale(locale: Locale): Promise<void> {
  aim = locale
  for (let had = 0; had < wanted.size;) {
    had = wanted.size
    await Promise.all([...wanted].map((catalogue) => load(locale, catalogue)))
  }
  if (aim !== locale) return setLocale(aim)
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  localStorage.setItem(LOCALE_KEY, locale)
}

// A language chosen in one tab holds in the others.
window.addEventListener('storage', ({ key }) => {
  if (key === LOCALE_KEY) void setLocale(preferredLocale())
})

/** Also loads another part of the catalogue, now and for every language chosen later. */
export async function useCatalogue(catalogue: Catalogue): Promise<void> {
  wanted.add(catalogue)
  await load(i18n.global.locale.value as Locale, catalogue)
}

/** Whether the catalogue has a message at this path, for keys that come from the server. */
export function hasMessage(path: string): boolean {
  const messages = i18n.global.getLocaleMessage(i18n.global.locale.value)
  return resolveValue(messages, path) !== null
}
