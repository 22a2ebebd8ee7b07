import type { Page } from '@playwright/test'
import { book, makeLot, register } from '../support/api.ts'
import { standsStill } from '../support/examine.ts'
import { expect, signIn, test } from '../support/test.ts'

// What is seen before the page's code has arrived: a slow network shows it for seconds.

const HEADINGS = {
  'en-GB': 'Find and book a parking spot',
  'de-DE': 'Stellplatz finden und buchen',
}

async function withoutCode(page: Page): Promise<void> {
  await page.route('**/assets/*.js', (route) => route.abort())
}

for (const [locale, heading] of Object.entries(HEADINGS))
  test.describe(`a browser in ${locale}`, () => {
    test.use({ locale })

    test('shows the name of the site and the heading before the code', async ({ page, watch }) => {
      watch.allow(/Failed to load resource/)
      await withoutCode(page)
      await page.goto('/')
      await expect(page).toHaveTitle('Parkwell')
      await expect(page.locator('html')).toHaveAttribute('lang', locale.slice(0, 2))
      await expect(page.locator('.pw-brand span')).toHaveText('Parkwell')
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading)
      await expect(page.locator('.pw-first-lines')).toBeHidden()
    })
  })

for (const width of [390, 1440])
  test(`the heading stays where it was when the code arrives at ${width} pixels`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 850 })
    let arrive = () => {}
    const wait = new Promise<void>((resolve) => (arrive = resolve))
    await page.route('**/assets/*.js', async (route) => {
      await wait
      await route.continue()
    })
    await page.goto('/', { waitUntil: 'commit' })
    const heading = page.getByRole('heading', { name: HEADINGS['en-GB'] })
    const brand = page.locator('.pw-brand')
    await expect(heading).toBeVisible()
    const before = [await heading.boundingBox(), await brand.boundingBox()]
    arrive()
    await expect(page.getByRole('link', { name: 'Get started' })).toBeVisible()
    expect([await heading.boundingBox(), await brand.boundingBox()]).toEqual(before)
  })

test('other pages begin with grey lines, and with the theme chosen before', async ({
  page,
  watch,
}) => {
  watch.allow(/Failed to load resource/)
  await page.addInitScript(() => localStorage.setItem('pw-theme', 'dark'))
  await withoutCode(page)
  await page.goto('/bookings')
  await expect(page.locator('html')).toHaveAttribute('data-bs-theme', 'dark')
  await expect(page.locator('.pw-first-lines')).toBeVisible()
  await expect(page.getByRole('heading', { level: 1 })).toBeHidden()
})

const LATE_MS = 2_500
/** Numbers of spots, prices and times. */
const NUMBERS =
  '.pw-summary-number, .pw-summary-hero, [data-testid=free-count], .pw-bay, .pw-lot-terms'

test('no number of a spot and no price jumps, in whichever order the answers come', async ({
  page,
  context,
}) => {
  const user = await register()
  const lot = await makeLot({ capacity: 9 })
  const { id } = await book(user, lot.id)
  await signIn(context, user)
  await page.addInitScript((numbers) => {
    const jumps: string[] = []
    Object.assign(window, { jumps })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        for (const { node } of (entry as never as { sources: { node: Node | null }[] }).sources) {
          const element = node instanceof Element ? node : node?.parentElement
          if (element?.closest(numbers) ?? element?.querySelector(numbers))
            jumps.push(`${element?.className}: ${element?.textContent?.slice(0, 60)}`)
        }
    }).observe({ type: 'layout-shift', buffered: true })
  }, NUMBERS)
  for (const late of [
    '/api/lots',
    '/api/bookings',
    '/api/notices',
    '/api/waitlist',
    '/api/spots',
  ]) {
    let waiting = 0
    let numbers = () => {}
    let seen = Promise.resolve()
    // It comes once the numbers are there, or late where there are none without it.
    await page.route(new RegExp(late), async (route) => {
      waiting++
      await Promise.race([seen, new Promise((passed) => setTimeout(passed, LATE_MS))])
      await route.continue().catch(() => undefined)
      waiting--
    })
    for (const [path, width] of [
      ['/', 390],
      ['/', 1440],
      [`/lots/${lot.id}`, 390],
      [`/bookings/${id}`, 390],
    ] as const) {
      await page.setViewportSize({ width, height: 850 })
      seen = new Promise((resolve) => (numbers = resolve))
      await page.goto(path)
      await expect(page.locator(NUMBERS).first()).toBeVisible()
      await standsStill(page)
      numbers()
      await expect(page.locator('.pw-skeletons')).toHaveCount(0)
      if (path.startsWith('/bookings'))
        await expect(page.getByText('Guaranteed until')).toBeVisible()
      else await expect(page.getByText('Live', { exact: true })).toBeVisible()
      await expect.poll(() => waiting).toBe(0)
      await standsStill(page)
      const jumps = await page.evaluate(() => (window as never as { jumps: string[] }).jumps)
      expect.soft(jumps, `${path} at ${width} px, ${late} last`).toEqual([])
    }
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }
})
