import { makeLot } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { expect, test } from '../support/test.ts'

// The lots near the driver, and what happens where the browser may not say where that is.

test.describe('near me', () => {
  test.use({
    viewport: { width: 390, height: 844 },
    geolocation: { latitude: -33.86, longitude: 151.2 },
    permissions: ['geolocation'],
  })

  test('the nearest lots come first, with their distance', async ({ page, driver }) => {
    const far = await makeLot({ latitude: -33.95, longitude: 151.2 })
    const near = await makeLot({ latitude: -33.863, longitude: 151.2 })
    const nowhere = await makeLot()
    await page.goto('/')
    await page.getByRole('heading', { name: `Hello ${driver.username}` }).waitFor()
    await page.getByRole('button', { name: 'Near me' }).click()
    const card = (lot: { name: string }) => page.locator('.pw-lot', { hasText: lot.name })
    await expect(card(near)).toContainText('330 m')
    await expect(card(far)).toContainText('10 km')
    await expect(card(nowhere)).not.toContainText(/\d k?m\b/)
    await expect(page.getByLabel('Sort by')).toHaveValue('near')
    const names = await page.locator('.pw-lot h3').allInnerTexts()
    const at = (lot: { name: string }) => names.indexOf(lot.name)
    expect(at(near)).toBe(0)
    expect(at(near)).toBeLessThan(at(far))
    expect(at(far)).toBeLessThan(at(nowhere))
    expect(await violations(page)).toEqual([])
  })
})

test('who forbids the location is told so, and nothing else changes', async ({ page, driver }) => {
  await makeLot({ latitude: -33.95, longitude: 151.2 })
  await page.goto('/')
  await page.getByRole('heading', { name: `Hello ${driver.username}` }).waitFor()
  await page.getByRole('button', { name: 'Near me' }).click()
  await expect(page.getByText('Your location is not available')).toBeVisible()
  await expect(page.getByLabel('Sort by')).toHaveValue('recent')
})
