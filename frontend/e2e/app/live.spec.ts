import { book, bookingsOf, call, makeLot, register, release } from '../support/api.ts'
import { expect, signIn, signOut, test } from '../support/test.ts'

test('a second browser sees a booking without reload', async ({ page, driver, browser }) => {
  const lot = await makeLot({ capacity: 7 })
  const other = await browser.newContext({ baseURL: process.env.E2E_URL })
  const watcher = await register()
  await signIn(other, watcher)
  const second = await other.newPage()
  await second.goto(`/lots/${lot.id}`)
  await expect(second.getByText('Live', { exact: true })).toBeVisible()
  await page.goto('/')
  const card = page.locator('article', { hasText: lot.name }).getByTestId('free-count')
  await expect(card).toContainText('7')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()

  const booking = await book(watcher, lot.id)
  await expect(card).toContainText('6')
  await book(driver, lot.id)
  await expect(second.getByRole('button', { name: /^Spot 2, occupied/ })).toBeVisible()
  await expect(card).toContainText('5')
  await release(watcher, booking.id)
  await expect(card).toContainText('6')
  await other.close()
})

test('the stream tells a driver nothing about other people', async ({ driver }) => {
  const lot = await makeLot()
  const stranger = await register()
  const heard: string[] = []
  const stop = new AbortController()
  const stream = await fetch(`${process.env.E2E_URL}/api/stream?lot_id=${lot.id}`, {
    headers: { Authorization: `Bearer ${driver.token}` },
    signal: stop.signal,
  })
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
  await book(stranger, lot.id)
  while (!heard.join('').includes('event: spot')) heard.push((await reader.read()).value ?? '')
  stop.abort()
  expect(heard.join('')).not.toContain('event: booking')
  expect(heard.join('')).not.toContain(stranger.username)
})

test('without the stream the page asks by itself and says how fresh it is', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/ERR_FAILED/)
  const lot = await makeLot({ capacity: 5 })
  await page.route('**/api/stream*', (route) => route.abort())
  await page.goto('/')
  await expect(page.getByText(/^Updated \d/)).toBeVisible()
  await book(driver, lot.id)
  const card = page.locator('article', { hasText: lot.name }).getByTestId('free-count')
  await expect(card).toContainText('4')
})

test('no token in any storage; the session outlives a reload and ends with sign-out', async ({
  page,
  context,
}) => {
  const user = await register()
  await page.goto('/login')
  await page.getByLabel('Email').fill(user.email)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Hello ${user.username}`)
  const stored = await page.evaluate(async () => {
    const databases = await indexedDB.databases()
    return JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      databases,
      location.href,
    ])
  })
  expect(stored).not.toContain('eyJ')
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Hello ${user.username}`)
  await signOut(page)
  await expect(page.getByRole('link', { name: 'Sign in' }).first()).toBeVisible()
  await page.goto('/bookings')
  await expect(page).toHaveURL(/\/login\?next=/)
  // What stays only recognises the device, to tell its owner from a password guesser.
  const left = (await context.cookies()).map((one) => one.name)
  expect(left.filter((name) => name !== 'parking_device')).toEqual([])
})

test('two tabs that refresh at once both stay signed in', async ({ context, driver }) => {
  const tabs = await Promise.all([context.newPage(), context.newPage(), context.newPage()])
  await Promise.all(tabs.map((tab) => tab.goto('/')))
  for (const tab of tabs)
    await expect(tab.getByRole('heading', { level: 1 })).toHaveText(`Hello ${driver.username}`)
  await Promise.all(tabs.map((tab) => tab.reload()))
  for (const tab of tabs)
    await expect(tab.getByRole('heading', { level: 1 })).toHaveText(`Hello ${driver.username}`)
})

test('signing out in one tab signs out the other', async ({ context, page, driver }) => {
  await page.goto('/bookings')
  const second = await context.newPage()
  await second.goto('/')
  await second.getByRole('heading', { name: `Hello ${driver.username}` }).waitFor()
  await signOut(second)
  await expect(page.getByRole('link', { name: 'Sign in' }).first()).toBeVisible()
})

/** Lists that would tell the page what time it really is. */
const TELLS_THE_TIME = /\/api\/(waitlist|bookings)(\?|$)/

test('a running cost ticks by the server’s time, whatever the phone’s clock says', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/ERR_FAILED/)
  const lot = await makeLot({ price_per_hour: 6 })
  const booking = await book(driver, lot.id)
  // The phone is ten minutes behind.
  await page.clock.install({ time: new Date(Date.now() - 600_000) })
  await page.goto(`/bookings/${booking.id}`)
  await expect(page.getByTestId('running-cost')).toHaveText(/€0\.0\d/)
  await page.route(TELLS_THE_TIME, (route) => route.abort())
  await page.clock.fastForward('03:00:00')
  await expect(page.getByTestId('running-cost')).toHaveText(/€18\.\d\d/)
})

test('a night on which the clocks change costs what it lasted', async ({ page, driver, watch }) => {
  watch.allow(/ERR_FAILED/)
  const lot = await makeLot({ price_per_hour: 2 })
  const booking = await book(driver, lot.id)
  // 25 October 2026, Berlin: 02:00 to 03:00 comes twice, so midnight to six is seven hours.
  const midnight = '2026-10-24T22:00:00Z'
  await page.route(`**/api/bookings/${booking.id}`, async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    body.server_time = midnight
    Object.assign(body.booking, { start_time: midnight, held_until: '2026-10-25T09:00:00Z' })
    await route.fulfill({ response: answer, json: body })
  })
  await page.route('**/api/public/site', async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    body.site.server_time = midnight
    await route.fulfill({ response: answer, json: body })
  })
  await page.route(TELLS_THE_TIME, (route) => route.abort())
  await page.clock.install({ time: new Date(midnight) })
  await page.goto(`/bookings/${booking.id}`)
  await expect(page.getByTestId('running-cost')).toHaveText('€0.00')
  await page.unroute(`**/api/bookings/${booking.id}`)
  await page.route(`**/api/bookings/**`, (route) => route.abort())
  await page.clock.fastForward('07:00:00')
  await expect(page.getByTestId('running-cost')).toHaveText(/^€14\.0\d$/)
  await expect(page.getByText(/^7 hrs?/)).toBeVisible()
})

test('time-outs, errors and no network say what happened; a second try goes on', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/500|503|ERR_FAILED|ERR_TIMED_OUT/)
  const lot = await makeLot()
  await page.goto(`/lots/${lot.id}`)
  const go = page.getByRole('button', { name: 'Book a spot now' })
  await go.waitFor()
  const failing = async (
    answer: (route: import('@playwright/test').Route) => Promise<void>,
    says: RegExp,
  ) => {
    await page.route('**/api/book', answer)
    await go.click()
    await expect(page.getByText(says)).toBeVisible()
    await page.unroute('**/api/book')
  }
  await failing(
    (route) => route.fulfill({ status: 500, json: { status: 500, request_id: 'r-500' } }),
    /on our side/,
  )
  await expect(page.getByText('Request r-500')).toBeVisible()
  await failing(
    (route) => route.fulfill({ status: 503, json: { status: 503 } }),
    /busy or restarting/,
  )
  await failing((route) => route.abort(), /could not reach the server/)
  await failing((route) => route.abort('timedout'), /could not reach|took too long/)
  await go.click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('the right theme from the first paint, and the language of the browser', async ({
  browser,
  watch,
}) => {
  expect(watch.troubles).toEqual([])
  const context = await browser.newContext({
    baseURL: process.env.E2E_URL,
    colorScheme: 'dark',
    locale: 'de-DE',
  })
  const page = await context.newPage()
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.body) return
      observer.disconnect()
      Object.assign(window, { themeAtFirst: document.documentElement.dataset.bsTheme })
    }).observe(document, { childList: true, subtree: true })
  })
  await page.goto('/')
  expect(await page.evaluate('themeAtFirst')).toBe('dark')
  await expect(page.getByRole('link', { name: 'Anmelden' }).first()).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
  await context.close()
})

test('history: filters live in the address, totals are the API’s', async ({ page, driver }) => {
  const lot = await makeLot()
  await release(driver, (await book(driver, lot.id)).id)
  await book(driver, lot.id)
  await page.goto('/bookings')
  await page.getByLabel('Status').selectOption('Completed')
  await expect(page).toHaveURL(/status=Completed/)
  await expect(page.getByText('1 booking', { exact: true })).toBeVisible()
  await page.reload()
  await expect(page.getByLabel('Status')).toHaveValue('Completed')
  await expect(page.getByRole('row')).toHaveCount(2)
  const api = await call<{ totals: { count: number } }>(
    'GET',
    '/api/bookings?status=Completed',
    undefined,
    driver.token,
  )
  expect(api.totals.count).toBe(1)
})
