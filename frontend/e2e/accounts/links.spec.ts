import type { Page } from '@playwright/test'
import { call, register, type User } from '../support/api.ts'
import { expect, test } from '../support/test.ts'

// Mailed links: reloading forgets nothing, the secret is nowhere but in this tab, and used is used.

test.beforeEach(({ watch }) => watch.allow(/404|422/))

const FIELDS = {
  '/reset-password': (page: Page) => page.getByLabel('New password', { exact: true }),
  '/confirm-email': (page: Page) => page.getByRole('button', { name: /Confirm/ }),
  '/setup': (page: Page) => page.getByLabel('Email'),
} as const
type Path = keyof typeof FIELDS
const broken = (page: Page) => page.getByText('This link does not work').first()

for (const path of Object.keys(FIELDS) as Path[])
  for (const sign of ['#', '?'])
    test(`${path}${sign}token=… shows its form again after a reload`, async ({ page, context }) => {
      const referers: string[] = []
      page.on('request', (request) => {
        if (request.resourceType() === 'fetch' || request.resourceType() === 'xhr')
          referers.push(request.headers()['referer'] ?? '')
      })
      await page.goto(`${path}${sign}token=the-secret`)
      await expect(FIELDS[path](page)).toBeVisible()
      await expect(page).toHaveURL(new RegExp(`${path}$`))
      for (let time = 0; time < 2; time++) {
        await page.reload()
        await expect(FIELDS[path](page)).toBeVisible()
        await expect(page).toHaveURL(new RegExp(`${path}$`))
      }
      expect(referers.length).toBeGreaterThan(0)
      expect(referers.filter((one) => one.includes('the-secret'))).toEqual([])
      expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain('secret')
      const other = await context.newPage()
      await other.goto(path)
      await expect(broken(other)).toBeVisible()
    })

/** As the server answers: a link that works once. */
async function worksOnce(page: Page, path: string) {
  let uses = 0
  await page.route(path, (route) =>
    uses++
      ? route.fulfill({ status: 404, json: { status: 404, code: 'link_invalid', detail: 'Gone.' } })
      : route.fulfill({ json: { message: 'Done.' } }),
  )
}

test('a link that was used is kept no longer', async ({ page }) => {
  await worksOnce(page, '**/auth/password/reset')
  await page.goto('/reset-password#token=the-secret')
  await FIELDS['/reset-password'](page).fill('a good long secret')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page).toHaveURL(/\/login$/)
  await page.goto('/reset-password')
  await expect(broken(page)).toBeVisible()
})

test('a link that the server refuses is kept no longer; a wrong password keeps it', async ({
  page,
}) => {
  await page.goto('/reset-password#token=made-up')
  await FIELDS['/reset-password'](page).fill('short')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.locator('.alert-danger')).toBeVisible()
  await page.reload()
  await FIELDS['/reset-password'](page).fill('a good long secret')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByText(/no longer works/).first()).toBeVisible()
  await page.reload()
  await expect(broken(page)).toBeVisible()
})

test('another link in the same tab takes the place of the one before', async ({ page }) => {
  const used: string[] = []
  await page.route('**/auth/email/confirm', (route) => {
    used.push(route.request().postDataJSON().token)
    return route.fulfill({ json: { message: 'Done.' } })
  })
  await page.goto('/confirm-email#token=first')
  await expect(FIELDS['/confirm-email'](page)).toBeVisible()
  // Only the fragment differs: the browser loads nothing.
  await page.evaluate(() => (location.hash = '#token=second'))
  await expect(page).toHaveURL(/\/confirm-email$/)
  await FIELDS['/confirm-email'](page).click()
  await expect(page.getByRole('link', { name: 'Home' }).last()).toBeVisible()
  expect(used).toEqual(['second'])
})

test('a link to an export shows it again after a reload, until it is closed', async ({ page }) => {
  const user: User = await register()
  const { export: job } = await call<{ export: { id: number } }>(
    'POST',
    '/api/exports',
    { kind: 'bookings' },
    user.token,
  )
  // Signed out: the way there leads over the sign-in page, whose address carries no secret either.
  await page.goto(`/bookings?export=${job.id}#token=of-the-mail`)
  await expect(page).toHaveURL(/\/login\?next=/)
  expect(page.url()).not.toContain('of-the-mail')
  await page.getByLabel('Email').fill(user.email)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  await page.reload()
  await expect(dialog.getByText('Your file is ready')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/\/bookings$/)
})
