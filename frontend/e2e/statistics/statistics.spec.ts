import type { Page } from '@playwright/test'
import { asAdmin, book, call, makeLot, register, release } from '../support/api.ts'
import { ADMIN } from '../support/product.ts'
import { violations } from '../support/examine.ts'
import { expect, signIn, test } from '../support/test.ts'

// The figures in a real browser: drawn (looked at pixel by pixel), equal to the API, usable by everyone.

interface Stats {
  days: { day: string; bookings: number; instant: number; reserved: number }[]
  hours: (number | null)[][]
  stays: { count: number; bookings_query: string }[]
  busiest_hour: { day: string; hour: number }
}

/** The product counts whole seconds: after one more, a stay has lasted for at least one. */
const A_SECOND_LATER = 1100

/** A lot with a finished and a running stay; its name. */
async function busyLot() {
  const lot = await makeLot()
  const [deletedUser, here] = [await register(), await register()]
  await release(deletedUser, (await book(deletedUser, lot.id)).id)
  await book(here, lot.id)
  await new Promise((passed) => setTimeout(passed, A_SECOND_LATER))
  return lot
}

/** How many different colours a canvas shows. */
const colours = (page: Page, n: number) =>
  page
    .locator('.pw-chart canvas')
    .nth(n)
    .evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      const seen = new Set<number>()
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3]) seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!)
      return seen.size
    })

test.beforeEach(async ({ context }) => signIn(context, ADMIN))

test('J12: yesterday’s revenue stands on the first screen, and what needs attention', async ({
  page,
}) => {
  const lot = await busyLot()
  await page.goto('/admin')
  await expect(page.getByText('Revenue yesterday')).toBeVisible()
  await expect(page.getByText('Bookings today')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Needs attention' })).toBeVisible()
  await expect(page.locator('.pw-today .pw-kpi-value').first()).toHaveText(/%/)
  await page.goto(`/admin/analytics?period=today&lot=${lot.id}`)
  await expect(page.locator('.pw-chart canvas').first()).toBeVisible()
})

test('charts are drawn, and their tables say what the API says', async ({ page }) => {
  const lot = await busyLot()
  const answered = page.waitForResponse((answer) => answer.url().includes('/api/stats/admin?'))
  await page.goto(`/admin/analytics?period=today&lot=${lot.id}`)
  const { stats } = (await (await answered).json()) as { stats: Stats }
  await expect(page.locator('.pw-chart canvas')).toHaveCount(4)
  for (let n = 0; n < 4; n++) await expect.poll(() => colours(page, n)).toBeGreaterThan(3)

  const types = page.locator('.pw-chart').last()
  await types.getByRole('button', { name: 'Table' }).click()
  const cells = await types.locator('tbody td').allTextContents()
  expect(cells.map(Number)).toEqual([stats.days[0]!.instant, stats.days[0]!.reserved])
  expect(stats.days[0]!.bookings).toBe(2)
  await expect(types.locator('tbody th')).toContainText('so far')

  await expect(page.locator('.pw-heat tbody td')).toHaveText(
    stats.hours.flat().map((cell) => (cell === null ? '–' : String(Math.round(cell)))),
  )
})

test('a number leads to its bookings, and the address keeps the choice', async ({ page }) => {
  const lot = await busyLot()
  await page.goto('/admin/analytics')
  await page.getByRole('button', { name: 'Today' }).click()
  await page.locator('#figures-lot').selectOption(String(lot.id))
  await expect(page).toHaveURL(new RegExp(`period=today&lot=${lot.id}`))
  await page.reload()
  await expect(page.getByRole('button', { name: 'Today' })).toHaveAttribute('aria-pressed', 'true')
  await expect(page.locator('#figures-lot')).toHaveValue(String(lot.id))
  await page.getByRole('link', { name: /^Bookings: 2\./ }).click()
  await expect(page).toHaveURL(/counted=started/)
  await expect(page.locator('tbody').getByText(lot.name).first()).toBeVisible()
})

/** The figures of today in a lot, as the page has them, and the page. */
async function todaysMetrics(page: Page, lot: number): Promise<Stats> {
  const answered = page.waitForResponse((answer) => answer.url().includes('/api/stats/admin?'))
  await page.goto(`/admin/analytics?period=today&lot=${lot}`)
  return ((await (await answered).json()) as { stats: Stats }).stats
}

/** What the API says a list comes to, and that the list says and shows the same. */
async function sumAgrees(page: Page): Promise<number> {
  const search = new URL(page.url()).search
  const { totals } = await call<{ totals: { count: number } }>(
    'GET',
    `/api/admin/bookings/totals${search}`,
    undefined,
    await asAdmin(),
  )
  await expect(page.getByText(new RegExp(`^${totals.count} bookings? · `))).toBeVisible()
  await expect(page.locator('.pw-bookings tbody tr')).toHaveCount(totals.count)
  return totals.count
}

test('a cell opens its days, and a day the bookings of that hour, by the keyboard alone', async ({
  page,
}) => {
  const lot = await busyLot()
  const { busiest_hour } = await todaysMetrics(page, lot.id)
  const hour = String(busiest_hour.hour).padStart(2, '0')
  const cell = page.getByRole('link', { name: new RegExp(`, ${hour}:00–.*Show the days$`) })
  await cell.focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('#figures-hour')).toBeFocused()
  const days = page.getByRole('article').filter({ has: page.locator('#figures-hour') })
  await expect(days.locator('tbody tr')).toHaveCount(1)
  await days.locator('tbody a').focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`counted=parked.*hour=${busiest_hour.hour}(&|$)`))
  const chip = page.getByRole('button', { name: /^Remove the filter “Parked/ })
  await expect(chip).toContainText(`${hour}:00`)
  expect(await sumAgrees(page)).toBeGreaterThan(0)
})

test('the arrow keys go from cell to cell, and the table has the same links', async ({ page }) => {
  const lot = await busyLot()
  const { busiest_hour } = await todaysMetrics(page, lot.id)
  const reached = page.locator('.pw-heat a[tabindex="0"]')
  await expect(reached).toHaveCount(1)
  await reached.focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.locator('.pw-heat a:focus')).toHaveCount(1)
  const chart = page.locator('.pw-chart').nth(1)
  await chart.getByRole('button', { name: 'Table' }).click()
  const row = chart.locator('tbody tr').nth(busiest_hour.hour)
  await row.getByRole('link').first().click()
  await expect(page.locator('#figures-hour')).toBeFocused()
})

/** The middle of the first bar, found by its colour: as far as it is filled in one line of the picture. */
const firstBar = (page: Page, n: number) =>
  page
    .locator('.pw-chart canvas')
    .nth(n)
    .evaluate((canvas: HTMLCanvasElement) => {
      const y = Math.round(canvas.height / 2)
      const { data } = canvas.getContext('2d')!.getImageData(0, y, canvas.width, 1)
      let run = 0
      for (let x = 0; x < canvas.width; x++) {
        run = data[4 * x + 3] === 255 ? run + 1 : 0
        if (run === 12) {
          const scale = canvas.clientWidth / canvas.width
          return { x: (x - 2) * scale, y: y * scale }
        }
      }
      return null
    })

test('a bar of the stays opens the stays of that length', async ({ page, watch }) => {
  watch.allow(/Multiple readback operations/) // by this test's own look at the picture
  const lot = await busyLot()
  const { stays } = await todaysMetrics(page, lot.id)
  await expect(page.locator('.pw-chart canvas')).toHaveCount(4)
  await expect.poll(() => firstBar(page, 2)).not.toBeNull()
  const canvas = page.locator('.pw-chart canvas').nth(2)
  await canvas.click({ position: (await firstBar(page, 2))! })
  await expect(page).toHaveURL(/counted=ended.*stay_to=15/)
  await expect(
    page.getByRole('button', { name: /“Stays that ended .*, under 15 mins?”/ }),
  ).toBeVisible()
  expect(await sumAgrees(page)).toBe(stays[0]!.count)
})

test('figures without bookings open what makes them: people, and lots that sum up', async ({
  page,
}) => {
  const lot = await busyLot()
  await todaysMetrics(page, lot.id)
  await page.getByText('All metrics').click()
  const available = page.getByRole('link', { name: /^Spot-hours in service:/ })
  const spotHours = (await available.textContent())!.trim()
  await available.click()
  await expect(page.locator('#figures-lots tfoot td').last()).toHaveText(spotHours)
  await expect(page.locator('#figures-lots tbody td').last()).toHaveText(spotHours)
  expect(await violations(page)).toEqual([])

  const newAccounts = page.getByRole('link', { name: /^New accounts: / }).first()
  const known = Number((await newAccounts.textContent())!.replaceAll(',', ''))
  await newAccounts.click()
  const chip = page.getByRole('button', { name: /^Remove the filter “Signed up / })
  await expect(chip).toBeVisible()
  // Others may sign up meanwhile.
  const listed = () => page.getByRole('status').filter({ hasText: 'users' }).textContent()
  await expect
    .poll(async () => parseInt((await listed())!.replaceAll(',', '')))
    .toBeGreaterThanOrEqual(known)
  await chip.click()
  await expect(page).not.toHaveURL(/created_/)
})

test('a chart can be saved as numbers and as a picture', async ({ page }) => {
  const lot = await busyLot()
  await page.goto(`/admin/analytics?period=today&lot=${lot.id}`)
  const chart = page.locator('.pw-chart').first()
  await expect(chart.locator('canvas')).toBeVisible()
  for (const [button, name] of [
    ['CSV', /^occupancy-.*\.csv$/],
    ['PNG', /^occupancy-.*\.png$/],
  ] as const) {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      chart.getByRole('button', { name: button }).click(),
    ])
    expect(file.suggestedFilename()).toMatch(name)
  }
})

test('an empty period says so', async ({ page }) => {
  await page.goto('/admin/analytics?from=1999-01-01&to=1999-01-07')
  await expect(page.getByText('No data in this period')).toBeVisible()
  await expect(page.locator('.pw-chart')).toHaveCount(0)
})
