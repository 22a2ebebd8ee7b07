import type { Page } from '@playwright/test'
import {
  asAdmin,
  book,
  call,
  makeLot,
  register,
  unique,
  type LotDetails,
  type User,
} from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

type Role = 'viewer' | 'attendant' | 'manager'

async function hire(user: User, lot: LotDetails, role: Role): Promise<void> {
  await call('PUT', `/api/lots/${lot.id}/staff/${user.id}`, { role }, await asAdmin())
}

const places = (page: Page) => page.getByRole('navigation', { name: 'Administration' })

test('a manager finds their lot, adds somebody by address, changes the role and withdraws it', async ({
  page,
  context,
}) => {
  const [lot, other] = [await makeLot(), await makeLot()]
  const [manager, colleague] = [await register(unique('mona')), await register(unique('vera'))]
  await hire(manager, lot, 'manager')
  await signIn(context, manager)

  await page.goto('/')
  await page.getByRole('banner').getByRole('link', { name: 'Administration' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Lots')
  await expect(page.getByRole('link', { name: lot.name })).toBeVisible()
  await expect(page.getByText(other.name)).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'New lot' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: `Delete ${lot.name}` })).toHaveCount(0)
  await expect(places(page).getByRole('link')).toHaveText([
    'Lots',
    'Bookings',
    'Analytics',
    'Exports',
  ])
  expect(await violations(page)).toEqual([])

  await page.getByRole('link', { name: lot.name }).click()
  const card = page.getByRole('region', { name: 'Staff' })
  await expect(card.getByRole('listitem')).toHaveCount(1)
  await card.getByRole('button', { name: 'Add a person' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Email address of the account').fill(colleague.email)
  await dialog.getByRole('radio', { name: /^Attendant/ }).check()
  expect(await violations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Add a person' }).click()
  await expect(dialog).toHaveCount(0)
  const row = card.getByRole('listitem').filter({ hasText: colleague.email })
  await expect(row.getByRole('combobox')).toHaveValue('attendant')
  expect(await violations(page)).toEqual([])

  await row.getByRole('combobox').selectOption('viewer')
  await expect(
    page.getByText(`${colleague.username} now has the role Viewer.`).first(),
  ).toBeVisible()
  await row.getByRole('button', { name: /^Withdraw/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
  await expect(row).toHaveCount(0)
})

test('an address of nobody is said at its field', async ({ page, context, watch }) => {
  watch.allow(/status of 404/)
  const lot = await makeLot()
  await signIn(context, ADMIN)
  await page.goto(`/admin/lots/${lot.id}`)
  await page.getByRole('button', { name: 'Add a person' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Email address of the account').fill('nobody@example.com')
  await dialog.getByRole('button', { name: 'Add a person' }).click()
  await expect(dialog.getByText(/There is no account with this address/).first()).toBeVisible()
})

test('a viewer sees who parks in their lot and has no button to end it', async ({
  page,
  context,
}) => {
  const lot = await makeLot({ capacity: 4 })
  const [viewer, driver] = [await register(unique('vera')), await register()]
  await book(driver, lot.id)
  await hire(viewer, lot, 'viewer')
  await signIn(context, viewer)
  await page.goto(`/admin/lots/${lot.id}`)
  await page.getByRole('button', { name: /^Spot 1, occupied/ }).click()
  await expect(page.getByText(driver.email)).toBeVisible()
  await expect(page.getByRole('link', { name: driver.username })).toHaveCount(0)
  for (const name of ['Force release', 'Edit', 'Delete', 'Add a person'])
    await expect(page.getByRole('button', { name })).toHaveCount(0)
  await expect(page.getByText('Take out of service')).toHaveCount(0)

  await places(page).getByRole('link', { name: 'Bookings' }).click()
  await expect(page.getByRole('table').getByText(driver.username, { exact: true })).toBeVisible()
  await places(page).getByRole('link', { name: 'Analytics' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Analytics')
  await places(page).getByRole('link', { name: 'Exports' }).click()
  await page.getByRole('button', { name: 'Export bookings' }).click()
  await expect(page.getByRole('table').getByText('Bookings of lots')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Export all data' })).toHaveCount(0)
})

test('an attendant ends a stay, and what belongs to others is not there', async ({
  page,
  context,
}) => {
  const [lot, other] = [await makeLot({ capacity: 4 }), await makeLot()]
  const [attendant, driver] = [await register(unique('arno')), await register()]
  await book(driver, lot.id)
  await hire(attendant, lot, 'attendant')
  await signIn(context, attendant)
  await page.goto(`/admin/lots/${lot.id}?spot=1`)
  await page.getByRole('button', { name: 'Force release' }).click()
  const dialog = page.getByRole('dialog').last()
  await dialog.getByLabel('Reason').fill('Towed away')
  await dialog.getByRole('button', { name: 'Force release' }).click()
  await expect(page.getByText(/^No car is parked here/)).toBeVisible()
  await expect(page.getByText('Take out of service').first()).toBeVisible()
  await expect(page.getByText('Level and features')).toHaveCount(0)

  for (const path of [`/admin/lots/${other.id}`, '/admin/users', '/admin/audit', '/admin/mail']) {
    await page.goto(path)
    await expect(page.locator('.pw-state-title')).toHaveText(/access to this page/)
  }
  await page.goto('/admin')
  await expect(page).toHaveURL(/\/admin\/lots$/)
})

test('whose role is withdrawn leaves the lot’s page at once', async ({ page, context, watch }) => {
  watch.allow(/401 \(UNAUTHORIZED\)|403 \(FORBIDDEN\)/) // the token of before, until the page has the next
  const lot = await makeLot()
  const viewer = await register(unique('vera'))
  await hire(viewer, lot, 'viewer')
  await signIn(context, viewer)
  await page.goto(`/admin/lots/${lot.id}`)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await call('DELETE', `/api/lots/${lot.id}/staff/${viewer.id}`, undefined, await asAdmin())
  await expect(page.locator('.pw-state-title')).toHaveText(/access to this page/)
  await page.goto('/')
  await expect(page.getByRole('link', { name: 'Administration' })).toHaveCount(0)
})
