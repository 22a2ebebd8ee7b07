import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { call, register, type User } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { useOwnProduct } from '../support/ownProduct.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, signOut, test } from '../support/test.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const PERIOD_S = 30
const URL = '/auth/second-factor'

/** What an authenticator app shows for this key, `later` periods from now (RFC 6238). */
function codeOf(secret: string, later = 0): string {
  const bits = [...secret.replaceAll(/\W/g, '')]
    .map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / PERIOD_S) + later))
  const mac = createHmac('sha1', key).update(step).digest()
  const number = mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

/** From the button to the recovery codes, which come as a file. */
async function setUp(page: Page, password: string): Promise<{ secret: string; codes: string[] }> {
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await expect(dialog.getByRole('img', { name: /QR code/ })).toBeVisible()
  const secret = (await dialog.locator('.font-monospace').textContent()) ?? ''
  expect(await violations(page)).toEqual([])
  await dialog.getByLabel('Code').fill('000000')
  await dialog.getByRole('button', { name: 'Turn on' }).click()
  await expect(dialog.getByText(/This code is wrong/).first()).toBeVisible()
  await dialog.getByLabel('Code').fill(codeOf(secret))
  await dialog.getByRole('button', { name: 'Turn on' }).click()
  await expect(dialog.getByRole('listitem')).toHaveCount(10)
  expect(await violations(page)).toEqual([])
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save as a file' }).click(),
  ])
  const codes = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
  expect(codes).toHaveLength(10)
  await dialog.getByRole('button', { name: 'I have saved them' }).click()
  return { secret, codes }
}

async function typeIn(page: Page, user: { email: string; password: string }) {
  await page.goto('/login')
  await page.getByLabel('Email').fill(user.email)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.locator('form button[type=submit]').click()
}

/** The wrong code, and the sign-in or action that asks for one. */
const REFUSED = /401 \(UNAUTHORIZED\)/

test('a driver sets up an app, signs in with a code of it, then with a recovery code', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(REFUSED)
  await page.goto('/profile')
  const { secret, codes } = await setUp(page, driver.password)
  await expect(page.getByText(/10 recovery codes are left/)).toBeVisible()
  await signOut(page)
  await expect(page.locator('.pw-user')).toHaveCount(0)

  await typeIn(page, driver)
  await expect(page.getByLabel('Code')).toBeFocused()
  expect(await violations(page)).toEqual([])
  await page.getByLabel('Code').fill(codeOf(secret, 1)) // that of now was used
  await page.locator('form button[type=submit]').click()
  await expect(page.locator('.pw-user')).toBeVisible()
  await signOut(page)
  await expect(page.locator('.pw-user')).toHaveCount(0)

  await typeIn(page, driver)
  await page.getByLabel('Code').fill(codes[0]!.toLowerCase())
  await page.locator('form button[type=submit]').click()
  await expect(page.locator('.pw-user')).toBeVisible()
  await page.goto('/profile')
  await expect(page.getByText(/9 recovery codes are left/)).toBeVisible()

  await page.getByRole('button', { name: 'Turn off' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password', { exact: true }).fill(driver.password)
  await dialog.getByLabel('Code').fill(codes[1]!)
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await expect(page.getByText('Signing in asks for your password only.')).toBeVisible()
})

test.describe('where the operator wants a second factor of administrators', () => {
  useOwnProduct({ REQUIRE_TOTP: 'admins' })
  let lost: User

  test.beforeAll(async () => {
    lost = await register()
  })

  test('an administrator sets it up first, and gives a code before a role', async ({
    page,
    context,
    watch,
  }) => {
    watch.allow(REFUSED)
    watch.allow(/403 \(FORBIDDEN\)/) // what the page asks for before the factor is there
    const { token: early } = await call<{ token: string }>('POST', '/auth/login', ADMIN)
    await expect(call('GET', '/api/users', undefined, early)).rejects.toThrow(
      'second_factor_setup_required',
    )
    await signIn(context, ADMIN)
    await page.goto(`/admin/users/${lost.id}`)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Set up your second factor')
    expect(await violations(page)).toEqual([])
    const { codes } = await setUp(page, ADMIN.password)

    // A new password begins a new session, which has seen no code yet.
    await page.goto('/profile')
    await page.getByLabel('Current password').fill(ADMIN.password)
    await page.getByLabel('New password').fill(`${ADMIN.password}-2`)
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(page.getByText(/password (has been|is) changed/i).first()).toBeVisible()

    await page.goto(`/admin/users/${lost.id}`)
    await page.getByRole('button', { name: 'Change roles' }).click()
    await page.getByRole('checkbox', { name: /^Administrator/ }).check()
    await page.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await expect(dialog).toBeVisible()
    expect(await violations(page)).toEqual([])
    await dialog.getByLabel('Code').fill('000000')
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await expect(dialog.getByText(/This code is wrong/).first()).toBeVisible()
    await dialog.getByLabel('Code').fill(codes[0]!)
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await expect(page.getByText(/Roles of .* changed|roles/i).first()).toBeVisible()
    await expect(page.getByRole('dialog')).toHaveCount(0)

    // Somebody who has lost the phone and the recovery codes.
    const { email, password } = lost
    const { token } = await call<{ token: string }>('POST', '/auth/login', { email, password })
    const key = await call<{ secret: string; token: string }>('POST', URL, { password }, token)
    await call('POST', `${URL}/confirm`, { code: codeOf(key.secret) }, key.token)
    await page.reload()
    await page.getByRole('button', { name: 'Remove second factor' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove second factor' }).click()
    await expect(
      page.getByText(`The second factor of ${lost.username} has been removed`),
    ).toBeVisible()
    await expect(page.getByText('Signing in asks for the password only.')).toBeVisible()
  })
})
