import { chromium, type Browser, type Page } from '@playwright/test'
import { asAdmin, book, call, makeLot, register, reserve, type User } from '../support/api.ts'
import { launchOptions } from '../support/browser.ts'
import { expect, test } from '../support/test.ts'

// A time zone that the browser does not know takes no page away: times are in UTC, and say so.

const NOT_LOADED = 'This could not be loaded'

async function signedIn(page: Page, user: User) {
  await page.goto('/login')
  await page.getByLabel('Email').fill(user.email)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(user.username)
}

for (const zone of ['Foo/Bar', 'XYZ', 'Etc/Unknown'])
  test(`a browser whose own zone is ${zone}`, async () => {
    const browser: Browser = await chromium.launch({
      ...launchOptions(),
      env: { ...process.env, TZ: zone } as Record<string, string>,
    })
    try {
      const context = await browser.newContext({
        baseURL: process.env.E2E_URL,
        locale: 'en-GB',
        // Not the zone of the other tests: the browser's own.
        timezoneId: undefined,
        serviceWorkers: 'block',
      })
      const page = await context.newPage()
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(error.message))
      const user = await register()
      const lot = await makeLot()
      const { id } = await book(user, lot.id)
      await signedIn(page, user)
      for (const path of [
        '/',
        `/lots/${lot.id}?later=1`,
        '/profile',
        '/bookings',
        `/bookings/${id}`,
      ]) {
        await page.goto(path)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await expect(page.getByText(NOT_LOADED)).toHaveCount(0)
      }
      // The lot's own zone is known, so its times are the lot's, and named.
      await expect(page.getByText(/\d{2}:\d{2} (CET|GMT\+[12]|CEST)/).first()).toBeVisible()
      const browsers = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone)
      await page.goto('/profile')
      const field = page.getByLabel('Time zone')
      if (['Etc/Unknown', undefined].includes(browsers)) {
        await expect(field).toHaveValue('UTC')
        await expect(page.getByText('times are shown in UTC').first()).toBeVisible()
      }
      await field.selectOption('Europe/Berlin')
      await page.getByRole('button', { name: 'Save' }).first().click()
      await expect(page.getByText('Saved').first()).toBeVisible()
      await expect(page.getByText('times are shown in UTC')).toHaveCount(0)
      expect(errors).toEqual([])
    } finally {
      await browser.close()
    }
  })

/** What the server says, with another zone in it. */
async function withZone(page: Page, zone: string) {
  await page.route(/\/(api|auth)\//, async (route) => {
    if (route.request().url().includes('/api/stream')) return route.abort()
    // A page that is left or closed meanwhile waits for no answer.
    const answer = await route.fetch().catch(() => undefined)
    const body = await answer?.text().catch(() => undefined)
    if (!answer || body === undefined) return route.abort().catch(() => undefined)
    const text = body.replaceAll('"Europe/Berlin"', JSON.stringify(zone))
    await route.fulfill({ response: answer, body: text }).catch(() => undefined)
  })
}

for (const zone of [
  'posix/Europe/Berlin',
  'Mars/Olympus',
  'Etc/Unknown',
  'right/Europe/Berlin',
  '',
  'a b',
])
  test(`a lot whose zone is "${zone}"`, async ({ page, context, watch }) => {
    watch.allow(/ERR_FAILED/)
    const user = await register()
    const lot = await makeLot()
    const running = await book(user, lot.id)
    const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    await reserve(user, lot.id, `${day}T10:00:00Z`, `${day}T12:00:00Z`)
    await withZone(page, zone)
    await signedIn(page, user)
    for (const path of ['/', '/bookings', `/bookings/${running.id}`, `/lots/${lot.id}?later=1`]) {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      if (path.includes('later')) await page.getByRole('button', { name: 'Other time' }).click()
      await expect(page.locator('main')).toContainText('UTC')
      await expect(page.getByText(NOT_LOADED)).toHaveCount(0)
    }
    // What is typed as UTC is sent as UTC.
    await page.getByLabel('From').fill(`${day}T15:00`)
    await page.getByLabel('Until').fill(`${day}T16:00`)
    const request = page.waitForRequest('**/api/book')
    await page.getByRole('button', { name: /^Reserve for €/ }).click()
    expect((await request).postDataJSON()).toMatchObject({ reserved_start: `${day}T15:00:00Z` })
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await context.close()
  })

test('an administrator sees the bookings of a lot whose zone is unknown, and days that are none', async ({
  page,
  watch,
}) => {
  watch.allow(/ERR_FAILED/)
  const lot = await makeLot()
  await book(await register(), lot.id)
  await asAdmin()
  await withZone(page, 'Mars/Olympus')
  await signedIn(page, {
    id: 0,
    email: 'carol@example.com',
    username: '',
    password: 'carol-has-the-keys',
    token: '',
  })
  for (const path of [
    '/admin/bookings',
    `/admin/lots/${lot.id}`,
    '/admin',
    '/admin/analytics',
    '/admin/bookings?from=2026-13-45&to=2026-02-31',
    '/bookings?from=2026-13-45&to=9999-99-99&month=2026-99',
  ]) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await page.waitForLoadState('networkidle')
    await expect(page.getByText(NOT_LOADED)).toHaveCount(0)
  }
})

test('a currency and a language that are none do not break the page either', async ({
  browser,
  watch,
}) => {
  expect(watch.troubles).toEqual([])
  const user = await register()
  const lot = await makeLot()
  const { id } = await book(user, lot.id)
  const context = await browser.newContext({ baseURL: process.env.E2E_URL })
  const page = await context.newPage()
  await page.addInitScript(() =>
    Object.defineProperty(navigator, 'languages', { value: ['en-US@posix', 'x'] }),
  )
  await page.route('**/api/**', async (route) => {
    if (route.request().url().includes('/api/stream')) return route.abort()
    const answer = await route.fetch()
    const text = (await answer.text()).replaceAll('"EUR"', '"€1"')
    await route.fulfill({ response: answer, body: text })
  })
  await signedIn(page, user)
  for (const path of ['/', `/bookings/${id}`, '/bookings']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.locator('main')).toContainText('€1')
    await expect(page.getByText(NOT_LOADED)).toHaveCount(0)
  }
  await call('GET', '/api/lots', undefined, user.token)
  await context.close()
})
