import { makeLot } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { expect, test } from '../support/test.ts'

const NAME = 'Display at the gate'

/** What the API answers to a program that holds this token: the status, and the code of a refusal. */
async function ask(token: string, path: string) {
  const headers = { Authorization: `Bearer ${token}` }
  const answer = await fetch(`${process.env.E2E_URL}${path}`, { headers })
  const { code } = (await answer.json()) as { code?: string }
  return { status: answer.status, code }
}

test('a token is shown once, reaches its scopes and nothing else, and ends when it is revoked', async ({
  page,
  driver,
}) => {
  const lot = await makeLot()
  await page.goto('/profile')
  await expect(page.getByText(driver.email)).toBeVisible()
  const section = page.getByRole('region', { name: 'API tokens' })
  const dialog = page.getByRole('dialog')
  await expect(section).toContainText('You have no API tokens.')

  await section.getByRole('button', { name: 'Create a token' }).click()
  await dialog.getByRole('button', { name: 'Create a token' }).click()
  await expect(dialog.getByRole('alert')).toBeFocused()
  await expect(dialog.getByRole('alert').getByRole('link')).toHaveText([
    'Enter a name',
    'Select what the token may do',
  ])
  expect(await violations(page)).toEqual([])
  await dialog.getByLabel('Name').fill(NAME)
  await dialog.getByRole('checkbox', { name: /^See lots, spots and prices/ }).press('Space')
  await dialog.getByRole('button', { name: 'Create a token' }).press('Enter')

  const secret = dialog.getByRole('group', { name: NAME })
  await expect(secret).toBeFocused()
  const token = (await secret.innerText()).trim()
  expect(token).toMatch(/^pw_[\w-]{43,}$/)
  await expect(dialog).toContainText('It is shown only this once.')
  expect(await violations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'I have copied it' }).press('Enter')
  await expect(dialog).toHaveCount(0)
  const row = section.getByRole('listitem').filter({ hasText: NAME })
  await expect(row).toContainText('See lots, spots and prices')
  await expect(row).toContainText('Not used yet')
  await page.reload()
  await expect(row).toBeVisible()
  expect(await page.content()).not.toContain(token)

  expect(await ask(token, `/api/lots/${lot.id}`)).toEqual({ status: 200, code: undefined })
  const refused = { status: 403, code: 'insufficient_scope' }
  for (const path of ['/api/bookings', '/api/tokens', '/api/users'])
    expect([path, await ask(token, path)]).toEqual([path, refused])
  await page.reload()
  await expect(row).toContainText('Last used')

  await row.getByRole('button', { name: `Revoke ${NAME}` }).click()
  await dialog.getByRole('button', { name: 'Cancel' }).press('Enter')
  expect(await ask(token, '/api/lots')).toMatchObject({ status: 200 })
  await row.getByRole('button', { name: `Revoke ${NAME}` }).click()
  expect(await violations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Revoke' }).press('Enter')
  await expect(row).toHaveCount(0)
  await expect(section).toContainText('You have no API tokens.')
  expect(await ask(token, '/api/lots')).toMatchObject({ status: 401 })
})
