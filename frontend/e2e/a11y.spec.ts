import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { book, makeLot, register, release, reserve, type Person } from './support/api.ts'
import { expect, signIn, test } from './support/test.ts'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const THEMES = ['light', 'dark'] as const
const WIDTHS = [360, 1440] as const

/** No violation, one h1, a title, no sideways scrolling at 320 px, and targets big enough for a thumb. */
async function examine(page: Page, what: string): Promise<void> {
  // Colours in mid-transition are nobody's colours.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null))),
  )
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
  const found = violations.map(
    (one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`,
  )
  expect.soft(found, `axe on ${what}`).toEqual([])
  expect.soft(await page.locator('h1').count(), `one h1 on ${what}`).toBe(1)
  expect.soft(await page.title(), `title of ${what}`).toMatch(/\S+ · \S+/)
  expect.soft(await tooSmall(page), `targets on ${what}`).toEqual([])
}

/** Controls under 24 px, and main ones under 44 px. Links in running text are exempt (WCAG 2.5.8). */
function tooSmall(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    for (const element of document.querySelectorAll<HTMLElement>(
      'button, select, input, a.btn, nav a',
    )) {
      const box = element.getBoundingClientRect()
      const hidden = box.width <= 1 || getComputedStyle(element).visibility === 'hidden'
      if (hidden || element.closest('.visually-hidden, label')) continue
      const least = element.matches('.btn, nav a, .pw-choice, .pw-bay, .form-control') ? 44 : 21
      if (box.height < least - 0.5)
        found.push(`${element.outerHTML.slice(0, 80)} is ${box.height} px high`)
    }
    return found
  })
}

async function reflows(page: Page, what: string): Promise<void> {
  const { width, height } = page.viewportSize()!
  await page.setViewportSize({ width: 320, height: 640 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  expect.soft(wide, `width of ${what} at 320 px`).toBeLessThanOrEqual(320)
  await page.setViewportSize({ width, height })
}

async function visit(page: Page, path: string, ready: string | RegExp): Promise<void> {
  await page.goto(path)
  await page.locator('main').getByText(ready).first().waitFor()
}

interface Setting {
  driver: Person
  lot: number
  running: number
  coming: number
  done: number
}

/** Somebody with everything: a running, a coming and a finished booking, in a lot with a long name. */
async function settle(): Promise<Setting> {
  const driver = await register()
  const long = `Parkhaus am Alten Güterbahnhof ${'und noch ein Stück weiter '.repeat(2)}${Date.now()}`
  const lot = (
    await makeLot({ capacity: 12, name: long.slice(0, 95), address: '1 Very Long Street Name' })
  ).id
  const done = await book(driver, lot)
  await release(driver, done.id)
  const running = await book(driver, lot)
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const coming = await reserve(driver, lot, `${tomorrow}T09:00`, `${tomorrow}T17:00`)
  return { driver, lot, running: running.id, coming: coming.id, done: done.id }
}

let setting: Setting
test.beforeAll(async () => {
  setting = await settle()
})

for (const theme of THEMES)
  for (const width of WIDTHS) {
    test.describe(`${theme}, ${width} px`, () => {
      test.use({ colorScheme: theme, viewport: { width, height: 800 } })

      test('pages for everybody', async ({ page }) => {
        test.slow()
        await visit(page, '/', /free of/)
        await examine(page, 'landing')
        await reflows(page, 'landing')
        for (const path of [
          '/login',
          '/register',
          '/forgot-password',
          '/reset-password?token=x',
          '/setup?token=x',
        ]) {
          await page.goto(path)
          await page
            .getByRole('button', { name: /Sign in|Register|Send|Set password/ })
            .last()
            .click()
          await page.getByText('There is a problem').waitFor()
          await expect(page.locator('.pw-summary')).toBeFocused()
          await examine(page, `${path} with errors`)
          await reflows(page, path)
        }
        await visit(page, '/reset-password', 'does not work')
        await examine(page, 'broken link')
        await visit(page, '/nowhere', 'nothing at this address')
        await examine(page, 'not found')
      })

      test('pages of a driver', async ({ page, context }) => {
        test.slow()
        await signIn(context, setting.driver)
        const pages: [string, string | RegExp][] = [
          ['/', /free of/],
          [`/lots/${setting.lot}`, 'You need not choose'],
          [`/bookings/${setting.running}`, 'Yours for sure until'],
          [`/bookings/${setting.coming}`, 'Begins in'],
          [`/bookings/${setting.done}`, 'All done'],
          [`/bookings/${setting.done}/receipt`, 'Issued'],
          ['/bookings', /\d bookings/],
          ['/profile', 'This device'],
          ['/admin', 'for administrators'],
        ]
        for (const [path, ready] of pages) {
          await visit(page, path, ready)
          await examine(page, path)
          await reflows(page, path)
        }
        await visit(page, `/lots/${setting.lot}`, 'You need not choose')
        await page.getByRole('button', { name: 'List', exact: true }).click()
        await examine(page, 'list of spots')
        await reflows(page, 'list of spots')
      })

      test('dialogs', async ({ page, context }) => {
        test.slow()
        await signIn(context, setting.driver)
        await visit(page, '/', /free of/)
        for (const name of [
          'Release',
          'Extend',
          'Cancel booking',
          /^Book now at/,
          /^Reserve for later at/,
        ]) {
          await page.getByRole('button', { name, exact: true }).first().click()
          await page.getByRole('dialog').waitFor()
          await examine(page, `dialog ${String(name)}`)
          await page.keyboard.press('Escape')
          await expect(page.getByRole('dialog')).toBeHidden()
        }
      })

      test('empty places', async ({ page, driver }) => {
        await visit(page, '/', `Hello ${driver.username}`)
        await page.getByLabel('Search by name or address').fill('zzz no such lot')
        await page.getByText('No car park matches').waitFor()
        await examine(page, 'search without a match')
        await visit(page, '/bookings', 'No bookings yet')
        await examine(page, 'empty history')
        await visit(page, '/bookings?status=No-show', 'No booking matches')
        await examine(page, 'history without a match')
      })

      test('when the server fails', async ({ page, driver, watch }) => {
        expect(driver.id).toBeGreaterThan(0)
        watch.allow(/500|503/)
        await page.route('**/api/**', (route) =>
          route.fulfill({
            status: 500,
            contentType: 'application/problem+json',
            body: JSON.stringify({
              status: 500,
              title: 'Server error',
              request_id: 'abc-123',
              code: 'server_error',
            }),
          }),
        )
        for (const path of [
          '/',
          `/lots/${setting.lot}`,
          '/bookings',
          `/bookings/${setting.done}`,
        ]) {
          await visit(page, path, 'could not be loaded')
          await expect(page.getByText('Request abc-123').first()).toBeVisible()
          const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
          expect
            .soft(
              violations.map((one) => one.id),
              `axe on failing ${path}`,
            )
            .toEqual([])
        }
      })
    })
  }

test('the spot map is one tab stop, and the arrow keys reach every spot', async ({
  page,
  context,
}) => {
  const person = await register()
  await signIn(context, person)
  const lot = await makeLot({ capacity: 23 })
  await visit(page, `/lots/${lot.id}`, 'You need not choose')
  const grid = page.getByRole('grid')
  await expect(grid.locator('button[tabindex="0"]')).toHaveCount(1)
  await grid.locator('button[tabindex="0"]').focus()
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-spot'))
  const seen = new Set([await focused()])
  for (let step = 0; step < 22; step++) {
    await page.keyboard.press('ArrowRight')
    seen.add(await focused())
  }
  expect(seen.size).toBe(23)
  await page.keyboard.press('Control+Home')
  expect(await focused()).toBe('1')
  await page.keyboard.press('ArrowDown')
  expect(Number(await focused())).toBeGreaterThan(1)
  await page.keyboard.press('Control+End')
  expect(await focused()).toBe('23')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Any free spot instead' })).toBeVisible()
})

test('focus goes to the heading of a new page, and back to the opener of a dialog', async ({
  page,
  driver,
}) => {
  const lot = await makeLot()
  await visit(page, '/', `Hello ${driver.username}`)
  const opener = page.getByRole('button', { name: `Book now at ${lot.name}` })
  await opener.click()
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await expect(opener).toBeFocused()
  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: 'Bookings' })
    .click()
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await expect(page).toHaveTitle(/Your bookings · /)
})
