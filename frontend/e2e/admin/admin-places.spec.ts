import { ADMIN } from '../support/product.ts'
import { asAdmin, book, call, makeLot, register, release } from '../support/api.ts'
import { expect, signIn, test } from '../support/test.ts'

test.beforeEach(({ context }) => signIn(context, ADMIN))

test('an administrator starts at the overview', async ({ page }) => {
  await book(await register(), (await makeLot()).id)
  await page.goto('/')
  await expect(page).toHaveURL(/\/admin$/)
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible()
  await expect(page.locator('.pw-today > *')).toHaveCount(4)
  await expect(page.getByText('Cars in the lots every half hour')).toBeVisible()
})

test('the places of the administration stand in three groups', async ({ page }) => {
  await page.goto('/admin/mail?view=system')
  await expect(page).toHaveURL(/\/admin\/health$/)
  const menu = page.getByRole('navigation', { name: 'Administration' })
  for (const [group, places] of Object.entries({
    Operate: ['Overview', 'Lots', 'Bookings', 'Users'],
    Insight: ['Analytics', 'Exports'],
    System: ['Email', 'Health', 'Audit log'],
  }))
    await expect(menu.getByRole('list', { name: group }).getByRole('link')).toHaveText(places)
  await expect(menu.getByRole('link', { name: 'Health' })).toHaveAttribute('aria-current', 'page')
})

test('on a phone the menu is one row that names the present place', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/admin/users')
  const menu = page.getByRole('navigation', { name: 'Administration' })
  await menu.getByRole('button', { name: 'Users' }).click()
  await menu.getByRole('link', { name: 'Audit log' }).click()
  await expect(page.getByRole('heading', { name: 'Audit log', level: 1 })).toBeVisible()
  await expect(menu.getByRole('link', { name: 'Lots' })).toBeHidden()
})

test('a list is sorted by its headings, and exported as it is filtered', async ({ page }) => {
  const lot = await makeLot()
  const driver = await register()
  for (let n = 0; n < 2; n++) await release(driver, (await book(driver, lot.id)).id)
  await page.goto(`/admin/bookings?q=${driver.email}`)
  const when = page.getByRole('columnheader', { name: 'When' })
  await expect(when).toHaveAttribute('aria-sort', 'descending')
  await when.getByRole('button').click()
  await expect(when).toHaveAttribute('aria-sort', 'ascending')
  await expect(page).toHaveURL(/order=oldest/)
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export these' }).click()
  expect((await saved).suggestedFilename()).toMatch(/^parkwell-bookings-\d{4}-\d\d-\d\d\.csv$/)
})

for (const [path, column, file] of [
  ['/admin/audit', 'When', 'audit'],
  ['/admin/mail', 'When', 'emails'],
  ['/admin/exports', 'Export', 'exports'],
] as const)
  test(`${file}: sorted by its headings, and exported`, async ({ page }) => {
    await call('POST', '/api/exports', { kind: 'all_data' }, await asAdmin())
    await book(await register(), (await makeLot()).id)
    await page.goto(path)
    const heading = page.getByRole('columnheader', { name: column, exact: true })
    await expect(heading).toHaveAttribute('aria-sort', 'descending')
    await heading.getByRole('button').click()
    await expect(heading).toHaveAttribute('aria-sort', 'ascending')
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export these' }).click()
    const name = new RegExp(`^parkwell-${file}-\\d{4}-\\d\\d-\\d\\d\\.csv$`)
    expect((await saved).suggestedFilename()).toMatch(name)
  })

test('a smaller lot says which spots go, and brings them back', async ({ page }) => {
  const lot = await makeLot({ capacity: 6 })
  await page.goto(`/admin/lots/${lot.id}`)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Number of spots').fill('4')
  await expect(dialog.getByText('Saving removes spots 5–6.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByText(/Spots 5–6 of .* are back/).first()).toBeVisible()
  const capacity = async () => {
    const { lots } = await call<{ lots: { id: number; capacity: number }[] }>(
      'GET',
      '/api/public/lots',
    )
    return lots.find((one) => one.id === lot.id)?.capacity
  }
  await expect.poll(capacity).toBe(6)
})
