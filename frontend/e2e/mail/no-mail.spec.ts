import type { Page } from '@playwright/test'
import { book, makeLot } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

// The product of these tests has a mail server. Here its answers say that it has none.

/** The answer of this path with some members changed. */
async function answered(page: Page, path: string, change: (body: never) => void): Promise<void> {
  await page.route(`**${path}`, async (route) => {
    const answer = await route.fetch()
    const body = (await answer.json()) as never
    change(body)
    await route.fulfill({ response: answer, json: body })
  })
}

test('without a mail server nobody is promised an email', async ({ page, driver }) => {
  await answered(page, '/api/public/site', (body: { site: { mail_configured: boolean } }) => {
    body.site.mail_configured = false
  })
  const lot = await makeLot()
  const { id } = await book(driver, lot.id)
  await page.goto(`/bookings/${id}`)
  await expect(page.getByRole('term').filter({ hasText: 'Confirmation' })).toBeVisible()
  await expect(page.getByText('Will be sent to')).toHaveCount(0)

  await page.goto('/profile')
  const address = page.getByRole('region', { name: 'Change email' })
  await expect(address).toContainText('Please contact the operator')
  await expect(address.getByRole('textbox')).toHaveCount(0)
  expect(await violations(page)).toEqual([])

  await page.goto('/forgot-password')
  await expect(page.getByText('it cannot send you a link')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send me a link' })).toHaveCount(0)
  await page.getByRole('main').getByRole('link', { name: 'Back to sign in' }).focus()
  expect(await violations(page)).toEqual([])
})

test('emails that wait in vain are a problem wherever the system is judged', async ({
  page,
  context,
}) => {
  await signIn(context, ADMIN)
  const inVain = { ok: false, held_up: 'no_server', configured: false, queued: 4, failed: 0 }
  await answered(page, '/api/admin/system', (body: { system: { outbox: object } }) => {
    Object.assign(body.system.outbox, inVain)
  })
  await page.goto('/admin')
  await expect(
    page.getByRole('link', { name: 'No mail server is configured: 4 emails are waiting.' }),
  ).toBeVisible()
  await expect(page.getByText('All systems operational')).toHaveCount(0)
  await page.goto('/admin/health')
  await expect(page.getByText('At least one system has a problem')).toBeVisible()
  await expect(page.getByRole('listitem').filter({ hasText: 'Outbox' })).toContainText('Problem')
})
