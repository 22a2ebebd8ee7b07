import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The last release for this Node; a dependency of nothing but this, so it is kept out of the project. */
const VERSION = '12.8.2'
const FOLDER =
  process.env.LIGHTHOUSE_DIR ?? join(homedir(), '.cache', `parkwell-lighthouse-${VERSION}`)

export interface Verdict {
  performance: number
  accessibility: number
  'best-practices': number
  seo: number
  lcpSeconds: number
  cls: number
  tbtMs: number
  /** Audits of those that must be perfect, and are not. */
  problems: string[]
}

interface Audit {
  score: number | null
  numericValue?: number
  title: string
}
interface Result {
  lhr: {
    categories: Record<string, { score: number; auditRefs: { id: string; weight: number }[] }>
    audits: Record<string, Audit>
  }
}
type Lighthouse = (url: string, flags: object) => Promise<Result>

/** Fetches Lighthouse on its first use. */
export async function lighthouse(): Promise<Lighthouse> {
  const entry = join(FOLDER, 'node_modules/lighthouse/core/index.js')
  if (!existsSync(entry)) {
    mkdirSync(FOLDER, { recursive: true })
    const install = ['install', '--prefix', FOLDER, '--no-audit', '--no-fund', '--ignore-scripts']
    execFileSync('npm', [...install, `lighthouse@${VERSION}`], { stdio: 'inherit' })
  }
  return ((await import(pathToFileURL(entry).href)) as { default: Lighthouse }).default
}

/** A phone in the middle of the range on slow 4G (Lighthouse's mobile preset), signed in as the browser is. */
export async function judge(run: Lighthouse, url: string, port: number): Promise<Verdict> {
  const { lhr } = await run(url, { port, disableStorageReset: true, logLevel: 'error' })
  const score = (name: string) => Math.round(100 * (lhr.categories[name]?.score ?? 0))
  const number = (audit: string) => lhr.audits[audit]?.numericValue ?? NaN
  const problems = ['accessibility', 'best-practices'].flatMap((name) =>
    (lhr.categories[name]?.auditRefs ?? [])
      .filter(({ id, weight }) => weight > 0 && (lhr.audits[id]?.score ?? 1) < 1)
      .map(({ id }) => `${id}: ${lhr.audits[id]?.title}`),
  )
  return {
    performance: score('performance'),
    accessibility: score('accessibility'),
    'best-practices': score('best-practices'),
    seo: score('seo'),
    lcpSeconds: number('largest-contentful-paint') / 1000,
    cls: number('cumulative-layout-shift'),
    tbtMs: number('total-blocking-time'),
    problems,
  }
}
