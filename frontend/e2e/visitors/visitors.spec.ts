import { call, register, unique, type LotDetails } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { useOwnProduct } from '../support/ownProduct.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

// Bookings for people without an account, on a product of its own: it allows guests and sends mail.

test.describe('a booking for a visitor', () => {
  const own = useOwnProduct({ GUESTS_PER_USER: '1', EMAIL_PROOF: 'off' })
  const linkTo = (address: string) => own.linkTo(address, /\/visit#token=[\w.-]+/)
  let lot: LotDetails

  const enter = (who: { email: string; password: string }) =>
    call<{ token: string; user: { id: number } }>('POST', '/auth/login', who)

  test.beforeAll(async () => {
    const { token } = await enter(ADMIN)
    const fields = {
      name: unique('Court'),
      capacity: 4,
      price_per_hour: 2.5,
      timezone: 'Europe/Berlin',
    }
    lot = (await call<{ lot: LotDetails }>('POST', '/api/lots', fields, token)).lot
  })

  for (const [device, viewport] of [
    ['desktop', { width: 1440, height: 900 }],
    ['phone', { width: 390, height: 844 }],
  ] as const)
    test(`is made by an attendant on a ${device}, and cancelled by its link without signing in`, async ({
      page,
      context,
      browser,
      watch,
    }) => {
      watch.allow(/status of 40[49]/)
      await page.setViewportSize(viewport)
      const attendant = await register(unique('arno'))
      const { token } = await enter(ADMIN)
      const hire = `/api/lots/${lot.id}/staff/${attendant.id}`
      await call('PUT', hire, { role: 'attendant' }, token)
      await signIn(context, attendant)
      const [name, address] = [unique('Vera'), `${unique('vera')}@example.org`]

      await page.goto(`/admin/lots/${lot.id}`)
      await page.getByRole('button', { name: 'Book for a visitor' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Book the spot' }).click()
      await expect(dialog.getByRole('alert')).toContainText('Enter the name of the person')
      await expect(dialog.getByRole('alert')).toBeFocused()
      await dialog.getByLabel('Name').fill(name)
      await dialog.getByLabel(/^Email address/).fill(address)
      await dialog.getByLabel(/^Number plate/).fill('b vi 42')
      await dialog.getByRole('button', { name: 'Reserve for later' }).click()
      await dialog
        .getByRole('button', { name: /Tomorrow/ })
        .first()
        .click()
      expect(await violations(page)).toEqual([])
      await dialog.getByRole('button', { name: /^Reserve for €/ }).click()
      await expect(
        dialog.getByText(new RegExp(`^Spot \\d is booked for ${name}\\.$`)),
      ).toBeVisible()
      await expect(dialog.getByText(`The confirmation goes to ${address}.`)).toBeVisible()
      const reference = await dialog.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/).textContent()
      expect(await violations(page)).toEqual([])
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await expect(dialog).toHaveCount(0)

      for (const words of [name, 'BVI42', reference ?? '']) {
        await page.goto('/admin/bookings')
        await page.getByRole('searchbox').fill(words)
        await expect(page.getByRole('table').getByText(name).first()).toBeVisible()
      }

      const visitor = await browser.newPage()
      const link = `${own.url()}${await linkTo(address)}`
      expect((await visitor.request.get(link)).ok()).toBe(true) // as a mail scanner follows it
      await visitor.goto(link)
      await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('Your parking spot')
      await expect(visitor).toHaveURL(`${own.url()}/visit`)
      await expect(visitor.getByText(`Booked for ${name}`)).toBeVisible()
      await expect(visitor.getByText(reference ?? '')).toBeVisible()
      expect(await violations(visitor)).toEqual([])
      await visitor.reload()
      await visitor.getByRole('button', { name: 'Cancel the booking' }).press('Enter')
      await visitor.getByRole('button', { name: 'Keep the booking' }).click()
      await visitor.getByRole('button', { name: 'Cancel the booking' }).click()
      await visitor.getByRole('button', { name: 'Yes, cancel it' }).click()
      await expect(visitor.getByRole('heading', { level: 1 })).toHaveText(
        'Your booking is cancelled',
      )
      await expect(visitor.getByRole('button', { name: 'Cancel the booking' })).toHaveCount(0)
      await visitor.goto(`${own.url()}/visit#token=guess`)
      await expect(visitor.getByText('This link does not work')).toBeVisible()
      await visitor.close()
      await expect.poll(() => own.mailsTo(address).length).toBe(2)
    })

  test('is made by a driver for a guest, and stands in the driver’s list', async ({
    page,
    context,
    watch,
  }) => {
    watch.allow(/status of 409/)
    const driver = await register(unique('bob'))
    await signIn(context, driver)
    await page.goto(`/lots/${lot.id}`)
    await page.getByRole('button', { name: 'Book for a guest' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Gustav Gast')
    await dialog.getByRole('button', { name: 'Book the spot' }).click()
    await dialog.getByRole('link', { name: 'Show the booking' }).click()
    await expect(page).toHaveURL(/\/bookings\/\d+$/)
    await expect(page.getByText('Gustav Gast').first()).toBeVisible()
    await page.goto('/bookings')
    await expect(page.getByRole('table')).toContainText('for Gustav Gast')

    await page.goto(`/lots/${lot.id}`)
    await page.getByRole('button', { name: 'Book for a guest' }).click()
    await dialog.getByLabel('Name').fill('Another')
    await dialog.getByRole('button', { name: 'Book the spot' }).click()
    await expect(dialog.getByRole('alert')).toContainText(
      'maximum number of open bookings for guests',
    )
    expect(await violations(page)).toEqual([])
  })
})
