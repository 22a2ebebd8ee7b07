import axe from 'axe-core'
import type { Page } from '@playwright/test'
import { expect } from './test.ts'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']
const THEMES = ['light', 'dark'] as const
const WIDTHS = [1440, 360] as const
/** A window of 1280 × 1024 px at a zoom of 400 %: as narrow as a page must stay usable (WCAG 1.4.10). */
const ZOOMED = { width: 320, height: 256 }

/** How long a test that examines a dozen states may take on a busy machine. */
export const MANY_SCREENS = 300_000

/** One state of one screen, reached with one load. */
export interface Screen {
  name: string
  path: string
  /** What stands in it once it has come. */
  ready: string | RegExp
  /** What to press to get to the state, after the load. */
  then?: (page: Page) => Promise<unknown>
}

/** Opens each screen and examines it. */
export async function examineAll(page: Page, screens: readonly Screen[]): Promise<void> {
  for (const screen of screens) {
    await page.goto(screen.path)
    await page.locator('main').getByText(screen.ready).filter({ visible: true }).first().waitFor()
    await screen.then?.(page)
    await examine(page, screen.name)
  }
}

/**
 * What is on the screen, in both themes on a desktop and on a phone: no violation of WCAG 2.2 AA or good
 * practice, one h1, a title of its own, targets for a thumb; and zoomed in, no sideways scrolling.
 */
export async function examine(page: Page, what: string): Promise<void> {
  await expect(page.locator('.pw-skeletons'), `${what} has come`).toHaveCount(0)
  await expect.soft(page, `title of ${what}`).toHaveTitle(/\S+ · \S+/)
  expect.soft(await page.locator('h1').count(), `one h1 on ${what}`).toBe(1)
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 })
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme })
      await expect(page.locator('html')).toHaveAttribute('data-bs-theme', theme)
      // From the top: where a press has scrolled to, the header that stays may cover a part of any link.
      await page.evaluate(() => window.scrollTo(0, 0))
      expect.soft(await violations(page), `axe: ${what}, ${theme}, ${width} px`).toEqual([])
    }
    expect.soft(await tooSmall(page, width), `targets: ${what}, ${width} px`).toEqual([])
  }
  await page.setViewportSize(ZOOMED)
  await standsStill(page)
  expect.soft(await overflowing(page), `sideways: ${what} at 400 %`).toEqual([])
  await page.setViewportSize({ width: 1280, height: 900 })
}

/** Colours and places in mid-transition are nobody's: wait for the new layout and every animation's end. */
export async function standsStill(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
    await painted()
    // What is folded away stands still in the midst of its transition, and spinners never end.
    const finite = document.getAnimations().filter(({ effect }) => {
      const seen = (effect as KeyframeEffect).target?.checkVisibility() ?? false
      return seen && effect?.getComputedTiming().iterations !== Infinity
    })
    await Promise.all(finite.map((one) => one.finished.catch(() => null)))
    await painted()
  })
}

/** The rules broken and by what, once all stands still. Frames are mails, which have checks of their own. */
export async function violations(page: Page): Promise<string[]> {
  await standsStill(page)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return page.evaluate(async (tags) => {
    const run = (window as unknown as { axe: typeof axe }).axe.run
    const result = await run(document, {
      runOnly: tags,
      resultTypes: ['violations'],
      iframes: false,
    })
    return result.violations.map(
      (one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
    )
  }, TAGS)
}

/** Controls under 24 px, and on a phone main ones under 44 px. Links in running text are exempt (WCAG 2.5.8). */
function tooSmall(page: Page, width: number): Promise<string[]> {
  return page.evaluate(
    (main) => {
      const problems: string[] = []
      const controls = 'button, select, input, textarea, summary, a.btn, nav a, th a, td a, dd a'
      for (const element of document.querySelectorAll<HTMLElement>(controls)) {
        if (!element.checkVisibility({ visibilityProperty: true })) continue
        if (element.closest('.visually-hidden, label')) continue
        // A box to tick may be pressed at its words, too.
        const labels = [...((element as HTMLInputElement).labels ?? [])]
        const heights = [element, ...labels].map((one) => one.getBoundingClientRect().height)
        const least = element.matches('.btn, nav a, .pw-bay, .form-control') ? main : 24
        if (Math.max(...heights) < least - 0.5)
          problems.push(`${element.outerHTML.slice(0, 90)}: ${Math.max(...heights)} px high`)
      }
      return problems
    },
    width < 768 ? 44 : 24,
  )
}

/** What makes the page wider than its window, or is cut off at its edge. Regions that scroll by themselves may. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth
    const problems = wide > innerWidth ? [`the page is ${wide} px wide`] : []
    /** Scrolls by itself, or is there for screen readers only. */
    const excused = (element: Element) => {
      for (let at: Element | null = element; at; at = at.parentElement) {
        const { overflowX, clipPath } = getComputedStyle(at)
        if (/auto|scroll/.test(overflowX) || clipPath !== 'none') return true
      }
      return false
    }
    for (const element of document.querySelectorAll<HTMLElement>('main *, dialog[open] *')) {
      const box = element.getBoundingClientRect()
      if (box.width <= 1 || box.right <= innerWidth + 1 || excused(element)) continue
      if (element.closest('.visually-hidden')) continue
      problems.push(`${element.outerHTML.slice(0, 90)} ends at ${Math.round(box.right)} px`)
    }
    return problems.slice(0, 5)
  })
}
