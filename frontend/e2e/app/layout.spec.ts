import type { Page } from '@playwright/test'
import { asAdmin, book, call, makeLot, register, reserve } from '../support/api.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

test.beforeEach(({ context }) => signIn(context, ADMIN))

const edges = (page: Page) =>
  page.locator('.pw-header-inner').evaluate((one) => {
    const { left, right } = one.getBoundingClientRect()
    return [left, right]
  })

test('the header stays where it is between the places of a driver and of an administrator', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1920, height: 900 })
  await page.goto('/admin/lots')
  await page.getByRole('heading', { level: 1 }).waitFor()
  const there = await edges(page)
  await page.goto('/bookings')
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(await edges(page)).toEqual(there)
})

for (const width of [1440, 390])
  test(`the parts of a user's page stand apart by whole steps of 8 px, at ${width} px`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 900 })
    const driver = await register()
    await book(driver, (await makeLot()).id)
    await page.goto(`/admin/users/${driver.id}`)
    await page
      .getByRole('heading', { name: 'Sign-ins' })
      .or(page.locator('#user-sign-ins'))
      .waitFor()
    await expect(page.locator('.pw-skeletons')).toHaveCount(0)
    const gaps = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll('.pw-admin-content > section')].map((one) =>
        one.getBoundingClientRect(),
      )
      return boxes.slice(1).map((box, n) => box.top - boxes[n]!.bottom)
    })
    expect(gaps).toHaveLength(3)
    expect(new Set(gaps.map(Math.round)).size).toBe(1)
    expect(gaps[0]! % 8).toBe(0)
    expect(gaps[0]).toBeGreaterThan(0)
  })

test('how live a page is stands in one place: below its title', async ({ page }) => {
  const lot = await makeLot()
  for (const path of ['/admin', '/admin/lots', `/admin/lots/${lot.id}`, '/admin/bookings']) {
    await page.goto(path)
    await expect(page.getByText('Live', { exact: true })).toHaveCount(1)
    await expect(
      page.locator('.pw-page-header-text').getByText('Live', { exact: true }),
    ).toBeVisible()
  }
})

test('the list of spots says for whom a spot is reserved', async ({ page }) => {
  const lot = await makeLot({ capacity: 1, require_checkin: true })
  const driver = await register()
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  await reserve(driver, lot.id, at(1), at(120))
  await page.goto(`/admin/lots/${lot.id}`)
  await page.getByRole('button', { name: 'List' }).click()
  const row = page.getByRole('row').filter({ hasText: 'Spot 1' })
  // The stream says when the reservation is due.
  await expect(row).toContainText('Reserved')
  await expect(row).toContainText(driver.username)
})

test('a price is typed beside its currency', async ({ page }) => {
  const lot = await makeLot()
  const { lot: saved } = await call<{ lot: { currency: string } }>(
    'GET',
    `/api/lots/${lot.id}`,
    undefined,
    await asAdmin(),
  )
  expect(saved.currency).toBe('EUR')
  await page.goto(`/admin/lots/${lot.id}`)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await expect(page.getByRole('dialog').getByLabel('Price per hour (€)')).toBeVisible()
})
