import {
  asAdmin,
  call,
  makeLot,
  register,
  unique,
  type LotDetails,
  type User,
} from '../support/api.ts'
import { examine, violations } from '../support/examine.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

// An administrator finds anything from anywhere.

let driver: User
let lot: LotDetails
let reference: string
const plate = `F-${process.pid.toString(36).slice(-4)} 77`.toUpperCase()

test.beforeAll(async () => {
  driver = await register(unique('finder'))
  // Without digits: a number is that of a spot.
  const name = unique('Fundbüro').replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)
  lot = await makeLot({ name, capacity: 4 })
  const body = { lot_id: lot.id, booking_type: 'instant', vehicle_plate: plate }
  const { booking } = await call<{ booking: { reference: string } }>(
    'POST',
    '/api/book',
    body,
    driver.token,
  )
  reference = booking.reference
})
test.beforeEach(async ({ context }) => signIn(context, ADMIN))

for (const [device, viewport] of [
  ['desktop', { width: 1280, height: 900 }],
  ['phone', { width: 320, height: 740 }],
] as const)
  test.describe(`on a ${device}`, () => {
    test.use({ viewport })

    test('a plate: one press and typing', async ({ page, hand }) => {
      await page.goto('/admin/audit')
      await hand.click(page.getByRole('button', { name: 'Find anything' }))
      const field = page.getByRole('combobox', { name: 'Lot, spot, plate' })
      await expect(field).toBeFocused()
      await page.keyboard.type(plate.toLowerCase().replaceAll(/\W/g, ''))
      const match = page.getByRole('group', { name: 'Plates' }).getByRole('option')
      await expect(match).toHaveText(
        new RegExp(`${plate}.*${lot.name}, spot 1.*${driver.username}`),
      )
      await expect(match).toContainText('Active')
      expect(hand.clicks).toBe(1)
      expect(await violations(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width)
      await page.keyboard.press('Enter')
      await expect(page).toHaveURL(new RegExp(`/admin/lots/${lot.id}\\?spot=1$`))
      await expect(page.getByText(driver.username).first()).toBeVisible()
    })
  })

test('by keys: lots without accents, spots, users and references', async ({ page }) => {
  await page.goto('/admin')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  const field = page.getByRole('combobox', { name: 'Lot, spot, plate' })
  const active = page.locator('[role="option"][aria-selected="true"]')
  const opens = async (key: string, words: string) => {
    await page.getByRole('button', { name: 'Find anything' }).waitFor()
    await page.keyboard.press(key)
    await expect(field).toBeFocused()
    await page.keyboard.type(words)
  }
  await opens('/', lot.name.replace('ü', 'u').toLowerCase())
  await expect(active).toHaveText(lot.name)
  await expect(page.getByRole('status').filter({ hasText: '1 result' })).toBeAttached()
  await page.keyboard.press('Escape')
  await expect(field).toBeHidden()

  await opens('Control+k', `${lot.name} 3`)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/admin/lots/${lot.id}\\?spot=3$`))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(lot.name)

  await opens('/', driver.username)
  await expect(active).toContainText(driver.email)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(driver.username)

  await opens('Control+k', reference.replace('-', '').toLowerCase())
  await expect(active).toContainText(reference)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/admin\/bookings$/)
  await expect(page.getByText(driver.username).first()).toBeVisible()
})

test('the dialog in every look, in German too', async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('pw-locale', 'de'))
  await page.goto('/admin')
  await page.getByRole('button', { name: /Find anything|Alles durchsuchen/ }).click()
  await page.keyboard.type(driver.username)
  await expect(page.getByRole('option')).toHaveCount(1)
  await examine(page, 'the search')
  await page.getByRole('combobox').last().fill('zzzz-zzzz')
  await expect(page.getByText(/Nothing matches|Keine Treffer für/)).toBeVisible()
  await examine(page, 'the search without results')
})

test('an administrator who parks as well goes to the driver’s pages and back by the menu', async ({
  page,
  context,
}) => {
  const both = await register(unique('both'))
  const roles = { roles: ['user', 'admin'] }
  await call('PATCH', `/api/users/${both.id}`, roles, await asAdmin())
  await signIn(context, both)
  await page.goto('/admin')
  const menu = page.locator('.pw-user > button')
  const list = page.locator('#user-menu')
  await menu.click()
  await list.getByRole('link', { name: 'Driver view' }).click()
  await expect(page).toHaveURL(/\/$/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Hello ${both.username}`)
  await menu.click()
  expect(await violations(page)).toEqual([])
  await list.getByRole('link', { name: 'Administration' }).click()
  await expect(page).toHaveURL(/\/admin$/)
})

test('who only administers is offered no driver’s view', async ({ page }) => {
  await page.goto('/admin')
  await page.locator('.pw-user > button').click()
  await expect(page.locator('#user-menu').getByRole('link', { name: 'Profile' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Driver view' })).toHaveCount(0)
})
