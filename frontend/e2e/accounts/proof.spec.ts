import { call, unique, type LotDetails } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { useOwnProduct } from '../support/ownProduct.ts'
import { ADMIN } from '../support/product.ts'
import { expect, test } from '../support/test.ts'

// A product of its own: that of the other tests asks for no proof.

const own = useOwnProduct({ EMAIL_PROOF: 'on' })
const linkTo = (address: string) => own.linkTo(address, /\/confirm-email#token=[\w-]+/)

test('a driver books once the address is confirmed, and is told so before', async ({
  page,
  context,
  watch,
}) => {
  watch.allow(/403 \(FORBIDDEN\)/) // the booking before the address is confirmed
  const { token } = await call<{ token: string }>('POST', '/auth/login', ADMIN)
  const fields = { name: unique('Lot'), capacity: 10, price_per_hour: 2.5 }
  const { lot } = await call<{ lot: LotDetails }>('POST', '/api/lots', fields, token)
  const address = `${unique('dora')}@example.com`
  await page.goto('/register')
  await page.getByLabel('Email').fill(address)
  await page.getByLabel('Name').fill(unique('Dora'))
  await page.getByLabel('Password', { exact: true }).fill('a good long password')
  await page.locator('form button[type=submit]').click()
  const notice = page.getByRole('status').filter({ hasText: 'Confirm your email address to book' })
  await expect(notice).toContainText(address)
  expect(await violations(page)).toEqual([])

  await page.goto(`/lots/${lot.id}`)
  await page.getByRole('button', { name: 'Book a spot now' }).click()
  await expect(page.getByText('Confirm your email address before you book.')).toBeVisible()

  const first = await linkTo(address)
  await notice.getByRole('button', { name: 'Send a new link' }).click()
  await expect(notice).toContainText('A new link is on its way')
  await expect.poll(() => linkTo(address)).not.toBe(first)

  const opened = await context.newPage()
  await opened.goto(await linkTo(address))
  await opened.getByRole('button', { name: 'Confirm this address' }).click()
  await expect(opened.getByText('Your email address is confirmed.')).toBeVisible()
  await expect(opened.getByText('Confirm your email address to book')).toHaveCount(0)
  await opened.close()

  await page.evaluate(() => window.dispatchEvent(new Event('focus')))
  await expect(notice).toHaveCount(0)
  await page.getByRole('button', { name: 'Book a spot now' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/spot/i)
})
