import type { Page } from '@playwright/test'
import { expect, test } from '../support/test.ts'

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
