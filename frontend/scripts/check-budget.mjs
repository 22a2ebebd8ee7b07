// Fails the build when the page outgrows its budget (sizes after gzip).
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const kB = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1000

/** Everything the browser loads together with `key`: its own file, what it imports, their styles. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) closure(next, seen)
  return seen
}
const sum = (files) => [...files].reduce((total, file) => total + kB(file), 0)
const filesOf = (keys) => new Set([...keys].map((key) => manifest[key].file))
const cssOf = (keys) => new Set([...keys].flatMap((key) => manifest[key].css ?? []))

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const page = (name) => Object.keys(manifest).find((key) => key.endsWith(`pages/${name}.vue`))
// The base texts of src/shared/format/i18n.ts.
const BASE = /src\/(shared|features\/(lots|bookings))\/locales\/en\.json$/
const english = Object.keys(manifest).filter((key) => BASE.test(key))
const first = closure(entry)
for (const key of [page('StartPage'), page('driver/HomePage'), ...english]) closure(key, first)

const rows = [
  ['first load, JavaScript', sum(filesOf(first)), 120],
  ['first load, styles', sum(cssOf(first)), 25],
]
const shared = filesOf(first)
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || !key.endsWith('.vue')) continue
  const own = [...filesOf(closure(key))].filter((file) => !shared.has(file))
  const charts = own.filter((file) => /chart/i.test(file))
  rows.push([`route ${key.replace('src/', '')}`, sum(own.filter((f) => !charts.includes(f))), 30])
  if (charts.length) rows.push([`charts of ${key.replace('src/', '')}`, sum(charts), 75])
}

// A file that names a page names all that the page imports, too.
const adminPages = [...first]
  .flatMap((key) => manifest[key].dynamicImports ?? [])
  .filter((key) => /pages\/admin\//.test(key))
for (const key of adminPages) console.log(`OVER the first load names ${key}`)

let failed = adminPages.length > 0
for (const [what, size, budget] of rows) {
  const over = size > budget
  failed ||= over
  const mark = over ? 'OVER' : 'ok  '
  console.log(`${mark} ${size.toFixed(1).padStart(6)} of ${String(budget).padStart(3)} kB  ${what}`)
}
process.exit(failed ? 1 : 0)
