import AxeBuilder from '@axe-core/playwright'
import { book, call, makeLot, register, unique } from './support/api.ts'
import { ADMIN } from './support/product.ts'
import { expect, signIn, test } from './support/test.ts'

test.beforeEach(({ context }) => signIn(context, ADMIN))

test('J10: a lot of fifty spots with three presses and three fields', async ({ page, hand }) => {
  const name = unique('New garage')
  await page.goto('/admin/lots')
  await hand.click(page.getByRole('button', { name: 'New lot' }).first())
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByLabel('Number of spots').fill('50')
  await dialog.getByLabel('Price per hour').fill('2.50')
  await hand.click(dialog.getByRole('button', { name: 'Create lot' }))
  await expect(page.getByText(new RegExp(`${name} is open with 50 spots`)).first()).toBeVisible()
  expect(hand.clicks).toBeLessThanOrEqual(3)
  const { lots } = await call<{ lots: { name: string; available_spots: number }[] }>(
    'GET',
    '/api/public/lots',
  )
  expect(lots.find((lot) => lot.name === name)?.available_spots).toBe(50)
})

test('J11: who is in spot 17, since when, in two clicks', async ({ page, hand }) => {
  const lot = await makeLot({ capacity: 20, name: unique('AAA seventeen') })
  const driver = await register()
  const { spots } = await call<{ spots: { id: number; spot_number: number }[] }>(
    'GET',
    `/api/spots/${lot.id}`,
    undefined,
    driver.token,
  )
  await book(driver, lot.id, spots.find((spot) => spot.spot_number === 17)?.id)
  await page.goto('/admin/lots')
  await hand.click(page.getByRole('link', { name: lot.name }))
  await hand.click(page.getByRole('button', { name: /^Spot 17, occupied/ }))
  await expect(page.getByText(driver.email)).toBeVisible()
  await expect(page.getByText('Since', { exact: true })).toBeVisible()
  expect(hand.clicks).toBe(2)
})

test('the desk sees a booking as it happens', async ({ page }) => {
  const lot = await makeLot({ capacity: 4 })
  await page.goto(`/admin/lots/${lot.id}`)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await book(await register(), lot.id)
  await expect(page.getByRole('button', { name: /^Spot 1, occupied/ })).toBeVisible({
    timeout: 2_000,
  })
})

const PLACES = ['lots', 'bookings', 'users', 'mail', 'exports', 'audit']
for (const [width, colorScheme] of [
  [360, 'light'],
  [1440, 'dark'],
] as const)
  test.describe(`the desk at ${width} px, ${colorScheme}`, () => {
    test.use({ viewport: { width, height: 900 }, colorScheme })

    test('is accessible and does not scroll sideways', async ({ page }) => {
      test.slow()
      const lot = await makeLot({ capacity: 12 })
      await book(await register(), lot.id)
      for (const place of [...PLACES, `lots/${lot.id}`]) {
        await page.goto(`/admin/${place}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await expect(page.locator('.pw-skeletons')).toHaveCount(0)
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .analyze()
        const found = violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)
        expect.soft(found, `axe on /admin/${place}`).toEqual([])
        await page.setViewportSize({ width: 320, height: 640 })
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        expect.soft(wide, `width of /admin/${place} at 320 px`).toBeLessThanOrEqual(320)
        await page.setViewportSize({ width, height: 900 })
      }
    })
  })
