import { ADMIN } from '../support/product.ts'
import { bookingsOf, call, makeLot, register, reserve, asAdmin } from '../support/api.ts'
import { examine, MANY_SCREENS } from '../support/examine.ts'
import { expect, signIn, test } from '../support/test.ts'

const DAY_MS = 86_400_000
/** A date to come and a time of it, as the fields of the page and the API take it. */
const at = (days: number, time: string) =>
  `${new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)}T${time}`

test.describe('an administrator', () => {
  test.beforeEach(({ context }) => signIn(context, ADMIN))

  test('plans a closure by keyboard, sees it on the spot and in the lot, and withdraws it', async ({
    page,
  }) => {
    const lot = await makeLot({ capacity: 4 })
    await page.goto(`/admin/lots/${lot.id}?spot=2`)
    const panel = page.getByRole('complementary', { name: 'Spot 2' })
    await panel.getByText('Take out of service').first().focus()
    await page.keyboard.press('Enter')
    await panel.getByLabel('Now, until further notice').focus()
    await page.keyboard.press('ArrowDown')
    await expect(panel.getByLabel('For a period')).toBeChecked()
    await panel.getByLabel('From').fill(at(3, '08:00'))
    await panel.getByLabel('Until', { exact: true }).fill(at(2, '18:00'))
    await panel.getByRole('button', { name: 'Plan the closure' }).press('Enter')
    await expect(panel.getByRole('alert')).toContainText('The end must be after the start')
    await panel.getByLabel('Until', { exact: true }).fill(at(5, '18:00'))
    await panel.getByLabel('Reason').fill('Drain')
    await page.keyboard.press('Enter')
    const planned = panel.getByRole('listitem').filter({ hasText: 'Drain' })
    await expect(planned).toContainText('Planned')
    await page.getByText('1 closure', { exact: true }).click()
    const listed = page.getByRole('listitem').filter({ hasText: 'Spot 2' })
    await expect(listed).toContainText('Drain')
    await listed.getByRole('button', { name: /^Withdraw/ }).click()
    await expect(page.getByText('The closure of spot 2 was withdrawn.').first()).toBeVisible()
    await expect(planned).toHaveCount(0)
  })

  test('moves the bookings that are in the way, all of them', async ({ page, watch }) => {
    watch.allow(/409/)
    const lot = await makeLot({ capacity: 3 })
    const driver = await register()
    const booking = await reserve(driver, lot.id, at(3, '09:00'), at(3, '11:00'))
    expect(booking.spot_number).toBe(1)
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`/admin/lots/${lot.id}?spot=1`)
    const sheet = page.getByRole('dialog', { name: 'Spot 1' })
    await sheet.getByText('Take out of service').first().click()
    await sheet.getByLabel('For a period').check()
    await sheet.getByLabel('From').fill(at(2, '08:00'))
    await sheet.getByRole('button', { name: 'Plan the closure' }).click()
    const conflict = sheet.getByRole('region', { name: 'Bookings in the way' })
    await expect(conflict).toContainText('1 booking is in the way.')
    await expect(conflict).toContainText('It can move to spot 2.')
    await conflict.getByRole('button', { name: 'Move 1 booking and close' }).click()
    const planned = sheet.getByRole('listitem').filter({ hasText: 'until further notice' })
    await expect(planned).toBeVisible()
    expect((await bookingsOf(driver))[0]).toMatchObject({ id: booking.id, spot_number: 2 })
  })

  test('finds no barrier in the form that plans a closure', async ({ page }) => {
    test.setTimeout(MANY_SCREENS)
    const lot = await makeLot({ capacity: 2 })
    await page.goto(`/admin/lots/${lot.id}?spot=1`)
    const panel = page.getByRole('complementary', { name: 'Spot 1' })
    await panel.getByText('Take out of service').first().click()
    await panel.getByLabel('For a period').check()
    await panel.getByLabel('From').fill(at(0, '23:59'))
    await examine(page, 'planning a closure')
  })
})

test('a driver cannot choose a spot for a time in which it is closed', async ({ page, driver }) => {
  const lot = await makeLot({ capacity: 2, timezone: 'UTC' })
  const path = `/api/lots/${lot.id}/spots`
  const window = { from: at(1, '06:00'), until: at(1, '20:00') }
  await call('PATCH', path, { numbers: [1], out_of_service: true, ...window }, await asAdmin())
  await page.goto(`/lots/${lot.id}`)
  const panel = page.getByRole('region', { name: `Park at ${lot.name}` })
  await panel.getByRole('button', { name: 'Reserve for later' }).click()
  await panel.getByRole('button', { name: 'Other time' }).click()
  await panel.getByLabel('From').fill(at(1, '09:00'))
  await panel.getByLabel('Until', { exact: true }).fill(at(1, '10:00'))
  const spot = (n: number) => page.locator(`[data-spot="${n}"]`)
  await expect(spot(1)).toHaveClass(/pw-bay-not-then/)
  await expect(spot(2)).not.toHaveClass(/pw-bay-not-then/)
  expect(await bookingsOf(driver)).toHaveLength(0)
})
