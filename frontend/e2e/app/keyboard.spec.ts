import { makeLot, register } from '../support/api.ts'
import { expect, signIn, test } from '../support/test.ts'

test('the spot map is one tab stop, and the arrow keys reach every spot', async ({
  page,
  context,
}) => {
  const user = await register()
  await signIn(context, user)
  const lot = await makeLot({ capacity: 23 })
  await page.goto(`/lots/${lot.id}`)
  await page.getByText('No preference?').first().waitFor()
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
  await page.goto('/')
  await page.getByText(`Hello ${driver.username}`).first().waitFor()
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
