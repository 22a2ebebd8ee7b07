import type { Page } from '@playwright/test'
import { book, makeLot, register, release } from './support/api.ts'
import { ADMIN } from './support/product.ts'
import { expect, signIn, test } from './support/test.ts'

// The figures in a real browser: drawn (looked at pixel by pixel), equal to the API, usable by everyone.

interface Stats {
  days: { day: string; bookings: number; instant: number; reserved: number }[]
  hours: (number | null)[][]
}

/** The product counts whole seconds: after one more, a stay has lasted for at least one. */
const A_SECOND_LATER = 1100

/** A lot with a finished and a running stay; its name. */
async function busyLot() {
  const lot = await makeLot()
  const [gone, here] = [await register(), await register()]
  await release(gone, (await book(gone, lot.id)).id)
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
  await expect(page.getByText('Nothing in this period')).toBeVisible()
  await expect(page.locator('.pw-chart')).toHaveCount(0)
})
