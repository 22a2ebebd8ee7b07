import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const PLACE = '<!-- first paint: scripts/first-paint.ts -->'

interface Texts {
  landing: { title: string; lead: string }
}

/**
 * Puts into index.html what is seen until the page's code has arrived: the header, and the landing
 * page's heading in both languages or grey lines (public/first-paint.js says which).
 */
export function firstPaint(): Plugin {
  return {
    name: 'first-paint',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) => html.replace(PLACE, header() + main()),
    },
  }
}

/** The server puts the site's name in place of `Parking` (parking/web/spa.py). */
function header(): string {
  const mark = source('src/app/layouts/BrandMark.vue').match(/<svg[^]*<\/svg>/)![0]
  return `<header class="pw-header"><div class="pw-header-inner"><span class="pw-brand">${mark}<span>Parking</span></span></div></header>`
}

function main(): string {
  const headings = ['en', 'de'].map(heading).join('')
  const lines = '<span></span>'.repeat(4)
  return `<div class="pw-main"><div class="pw-landing pw-first-landing"><div>${headings}</div></div><div class="pw-first-lines" aria-hidden="true">${lines}</div></div>`
}

function heading(locale: string): string {
  const { landing } = JSON.parse(source(`src/features/lots/locales/${locale}.json`)) as Texts
  return `<div lang="${locale}"><h1>${escaped(landing.title)}</h1><p class="pw-landing-lead">${escaped(landing.lead)}</p></div>`
}

function source(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
