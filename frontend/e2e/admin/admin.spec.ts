import { asAdmin, book, call, makeLot, register, release, unique } from '../support/api.ts'
import { REFUSED_ONCE } from '../support/mailServer.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

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

test('J13: a mail that failed is found and sent again in three clicks', async ({ page, hand }) => {
  const reader = await register(unique(REFUSED_ONCE))
  await book(reader, (await makeLot()).id)
  const token = await asAdmin()
  const state = async () => {
    const { emails } = await call<{ emails: { state: string }[] }>(
      'GET',
      `/api/admin/emails?q=${reader.email}`,
      undefined,
      token,
    )
    return emails.map((mail) => mail.state).join()
  }
  await expect.poll(state).toBe('failed')
  await page.goto('/admin')
  const places = page.getByRole('navigation', { name: 'Administration' })
  await hand.click(places.getByRole('link', { name: 'Email' }))
  await hand.click(page.getByRole('button', { name: /^Failed/ }))
  await expect(page.getByText('550 5.1.1 no such mailbox here').first()).toBeVisible()
  await hand.click(
    page.getByRole('button', { name: new RegExp(`^Send again.*to ${reader.email}`) }),
  )
  await expect(page.getByText('The email is queued again').first()).toBeVisible()
  expect(hand.clicks).toBe(3)
  await expect.poll(state).toBe('sent')
})

test('an administrator sees a booking as it happens', async ({ page }) => {
  const lot = await makeLot({ capacity: 4 })
  await page.goto(`/admin/lots/${lot.id}`)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await book(await register(), lot.id)
  await expect(page.getByRole('button', { name: /^Spot 1, occupied/ })).toBeVisible()
})

test('a user is signed out everywhere by an administrator', async ({ page }) => {
  const driver = await register()
  await page.goto(`/admin/users/${driver.id}`)
  const card = page.getByRole('region', { name: 'Sessions', exact: true })
  await expect(card.getByText('Signed in on 1 browser.')).toBeVisible()
  await card.getByRole('button', { name: 'Sign out everywhere' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click()
  await expect(card.getByText('Not signed in anywhere.')).toBeVisible()
  await expect(call('GET', '/auth/me', undefined, driver.token)).rejects.toThrow(/401/)
})

test('many spots are taken out of service at once, or none when one is booked', async ({
  page,
  watch,
}) => {
  watch.allow(/409/)
  const lot = await makeLot({ capacity: 6 })
  const driver = await register()
  const { spot_number, id } = await book(driver, lot.id)
  await page.goto(`/admin/lots/${lot.id}`)
  await page.getByRole('button', { name: 'Bulk edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Spots').fill('1-4, 6')
  await dialog.getByRole('button', { name: 'Change 5 spots' }).click()
  await expect(dialog.getByText(`Spot ${spot_number},`)).toBeVisible()
  await release(driver, id)
  await dialog.getByRole('button', { name: 'Change 5 spots' }).click()
  await expect(dialog).toBeHidden()
  for (const n of [1, 4, 6])
    await expect(page.getByRole('button', { name: new RegExp(`^Spot ${n}, out of`) })).toBeVisible()
  await expect(page.getByRole('button', { name: /^Spot 5, available/ })).toBeVisible()
})
