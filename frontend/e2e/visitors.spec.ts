import { asAdmin, book, call, makeLot, register, unique, type LotDetails } from './support/api.ts'
import { examine, violations } from './support/examine.ts'
import { startMailServer, type MailServer } from './support/mailServer.ts'
import { ADMIN, startProduct, type Product } from './support/product.ts'
import { expect, signIn, test } from './support/test.ts'

// What somebody without an account can look at and set.

for (const [device, viewport] of [
  ['desktop', { width: 1280, height: 900 }],
  ['phone', { width: 320, height: 740 }],
] as const)
  test.describe(`a lot for visitors on a ${device}`, () => {
    test.use({ viewport })

    test('is reached from the landing page and leads to a booking there', async ({ page }) => {
      const driver = await register()
      const lot = await makeLot({
        name: unique('Look'),
        address: 'Quay 9',
        capacity: 4,
        daily_cap: 18,
        billing_step_seconds: 900,
      })
      await call('PATCH', `/api/lots/${lot.id}/spots`, { numbers: [4], ev: true }, await asAdmin())
      await book(driver, lot.id)
      await page.goto('/')
      await page.getByRole('link', { name: lot.name, exact: true }).click()
      await expect(page).toHaveURL(new RegExp(`/lots/${lot.id}$`))
      await expect(page.getByRole('heading', { level: 1, name: lot.name })).toBeFocused()
      await expect(page.getByText('Quay 9')).toBeVisible()
      const aside = page.getByRole('region', { name: `Park at ${lot.name}` })
      await expect(aside.getByTestId('free-count')).toHaveText('3 free of 4')
      await expect(aside).toContainText('€2.50/h · billed per 15 min · max €18/day')
      await expect(aside).toContainText('Free to cancel until it starts')
      await expect(aside.getByRole('button')).toHaveCount(0)
      const map = page.getByRole('grid', { name: `Spots of ${lot.name}` })
      await expect(map.getByRole('button')).toHaveCount(4)
      await expect(map.getByRole('button', { name: 'Spot 1, occupied', exact: true })).toBeVisible()
      await expect(
        map.getByRole('button', { name: 'Spot 4, available, EV charging' }),
      ).toBeVisible()
      await expect(map.locator('[aria-pressed]')).toHaveCount(0)
      await expect(page.getByRole('main')).not.toContainText(driver.username)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width)
      expect(await violations(page)).toEqual([])

      // Somebody else takes a spot: the page shows it without a reload.
      await book(await register(), lot.id)
      await expect(aside.getByTestId('free-count')).toHaveText('2 free of 4')
      await page.getByRole('button', { name: 'List' }).click()
      await expect(page.getByRole('table').getByRole('button')).toHaveCount(0)
      expect(await violations(page)).toEqual([])

      await aside.getByRole('link', { name: 'Sign in to book' }).click()
      await page.getByLabel('Email').fill(driver.email)
      await page.getByLabel('Password', { exact: true }).fill(driver.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect(page).toHaveURL(new RegExp(`/lots/${lot.id}$`))
      await expect(page.getByRole('button', { name: 'Book a spot now' })).toBeVisible()
    })
  })

test('who makes an account from a lot comes back to it', async ({ page }) => {
  const lot = await makeLot({ name: unique('Back') })
  await page.goto(`/lots/${lot.id}?later=1`)
  await page.getByRole('link', { name: 'Create an account' }).click()
  const name = unique('fresh')
  await page.getByLabel('Email').fill(`${name}@example.com`)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill('a good long secret')
  await page.getByRole('button', { name: 'Register' }).click()
  await expect(page).toHaveURL(new RegExp(`/lots/${lot.id}\\?later=1$`))
  await expect(page.getByRole('region', { name: `Park at ${lot.name}` })).toBeVisible()
})

test('the header’s ways to an account come back to the lot as well', async ({ page }) => {
  const lot = await makeLot()
  await page.goto(`/lots/${lot.id}`)
  for (const [name, path] of [
    ['Sign in', 'login'],
    ['Register', 'register'],
  ])
    await expect(page.getByRole('banner').getByRole('link', { name })).toHaveAttribute(
      'href',
      `/${path}?next=/lots/${lot.id}`,
    )
})

test('whose session has ended on a lot is told so, and comes back to it', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/401/)
  const lot = await makeLot()
  await page.goto(`/lots/${lot.id}`)
  const press = page.getByRole('button', { name: 'Book a spot now' })
  await press.waitFor()
  await page.context().clearCookies()
  await call('POST', '/auth/logout-all', {}, driver.token)
  await press.click()
  await expect(page).toHaveURL(new RegExp(`/login\\?next=/lots/${lot.id}$`))
  await expect(page.getByRole('status').filter({ hasText: /session has expired/ })).toBeVisible()
})

test('a lot that is not there, and lots that are shown to nobody', async ({ page, watch }) => {
  watch.allow(/404/)
  await page.goto('/lots/999999')
  await expect(page.getByRole('alert')).toContainText('Not found')
  const lot = await makeLot()
  await page.route('**/api/public/site', async (route) => {
    const answer = await route.fetch()
    const { site } = (await answer.json()) as { site: object }
    await route.fulfill({ response: answer, json: { site: { ...site, public_lots: false } } })
  })
  await page.goto(`/lots/${lot.id}`)
  await expect(page).toHaveURL(new RegExp(`/login\\?next=/lots/${lot.id}$`))
})

test.describe('language and theme', () => {
  test('are chosen before signing in, kept, and those of a new account', async ({ page }) => {
    await page.goto('/')
    const html = page.locator('html')
    const foot = page.getByRole('contentinfo')
    for (const path of [
      '/login',
      '/forgot-password',
      '/reset-password#token=x',
      '/register',
      '/',
    ]) {
      await page.goto(path)
      await expect(foot.getByLabel('Language')).toHaveValue('en')
      await expect(foot.getByLabel('Appearance')).toHaveValue('system')
    }
    await foot.getByLabel('Language').selectOption('de')
    await expect(html).toHaveAttribute('lang', 'de')
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Parkplatz finden und buchen')
    await foot.getByLabel('Darstellung').selectOption('dark')
    await expect(html).toHaveAttribute('data-bs-theme', 'dark')
    await page.reload()
    await expect(html).toHaveAttribute('lang', 'de')
    await expect(html).toHaveAttribute('data-bs-theme', 'dark')

    await page.goto('/register')
    const name = unique('neu')
    await page.getByLabel('E-Mail').fill(`${name}@example.com`)
    await page.getByLabel('Name').fill(name)
    await page.getByLabel('Passwort', { exact: true }).fill('a good long secret')
    const stored = page.waitForResponse(
      (answer) => answer.request().method() === 'PATCH' && answer.url().endsWith('/auth/me'),
    )
    await page.getByRole('button', { name: 'Registrieren' }).click()
    expect((await stored).ok()).toBe(true)
    await expect(html).toHaveAttribute('data-bs-theme', 'dark')
    const { token } = await call<{ token: string }>('POST', '/auth/login', {
      email: `${name}@example.com`,
      password: 'a good long secret',
    })
    const { user } = await call<{ user: object }>('GET', '/auth/me', undefined, token)
    expect(user).toMatchObject({ locale: 'de', theme: 'dark' })
    await expect(page.getByRole('contentinfo')).toHaveCount(0)
  })
})

for (const signedIn of [false, true])
  test(`the operator stands at the foot of the page, ${signedIn ? 'signed in' : 'signed out'}`, async ({
    page,
    context,
  }) => {
    if (signedIn) await signIn(context, await register())
    await page.route('**/api/public/site', async (route) => {
      const answer = await route.fetch()
      const { site } = (await answer.json()) as { site: object }
      const operator = {
        operator_name: 'Parkwell Car Parks Ltd',
        operator_contact: '+49 30 123456',
        operator_contact_url: 'tel:+4930123456',
        imprint_url: 'https://example.com/imprint',
        privacy_url: 'https://example.com/privacy',
      }
      await route.fulfill({ response: answer, json: { site: { ...site, ...operator } } })
    })
    await page.goto('/')
    const foot = page.getByRole('contentinfo')
    await expect(foot).toContainText('Parkwell Car Parks Ltd')
    const link = (name: string) => foot.getByRole('link', { name })
    await expect(link('+49 30 123456')).toHaveAttribute('href', 'tel:+4930123456')
    await expect(link('Legal notice')).toHaveAttribute('href', 'https://example.com/imprint')
    await examine(page, 'a page with a footer')
    for (const width of [320, 390]) {
      await page.setViewportSize({ width, height: 740 })
      await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
      // On top where it is seen: no bar lies over it.
      await link('Privacy policy').click({ trial: true })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
    }
  })

test('a full lot on the landing page offers a reservation instead', async ({ page }) => {
  const lot = await makeLot({ capacity: 1 })
  await book(await register(), lot.id)
  await page.goto('/')
  await page.getByRole('link', { name: `Reserve for later at ${lot.name}` }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Create your account')
  expect(new URL(page.url()).searchParams.get('next')).toBe(`/lots/${lot.id}?later=1`)
  await expect(page.getByRole('link', { name: `Book now at ${lot.name}` })).toHaveCount(0)
})

// Bookings for people without an account, on a product of its own: it allows guests and sends mail.
test.describe('a booking for a visitor', () => {
  const mails: string[] = []
  const others = process.env.E2E_URL
  let server: MailServer
  let product: Product
  let lot: LotDetails

  const enter = (who: { email: string; password: string }) =>
    call<{ token: string; user: { id: number } }>('POST', '/auth/login', who)

  test.beforeAll(async () => {
    server = await startMailServer((mail) => mails.push(mail))
    product = await startProduct({
      mailPort: server.port,
      env: { GUESTS_PER_USER: '1', EMAIL_PROOF: 'off' },
    })
    process.env.E2E_URL = product.url
    const { token } = await enter(ADMIN)
    const fields = {
      name: unique('Court'),
      capacity: 4,
      price_per_hour: 2.5,
      timezone: 'Europe/Berlin',
    }
    lot = (await call<{ lot: LotDetails }>('POST', '/api/lots', fields, token)).lot
  })
  test.afterAll(async () => {
    process.env.E2E_URL = others
    await product.stop()
    server.close()
  })

  /** The link in the last mail to this address; quoted-printable breaks its lines. */
  async function linkTo(address: string): Promise<string> {
    const find = () => {
      const text = mails.filter((mail) => mail.includes(address)).at(-1) ?? ''
      return (
        /\/visit#token=[\w.-]+/.exec(text.replaceAll('=\n', '').replaceAll('=3D', '='))?.[0] ?? ''
      )
    }
    await expect.poll(find).not.toBe('')
    return find()
  }

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
      await dialog.getByRole('button', { name: 'Book the spot' }).click()
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
      const link = `${product.url}${await linkTo(address)}`
      expect((await visitor.request.get(link)).ok()).toBe(true) // as a mail scanner follows it
      await visitor.goto(link)
      await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('Your parking spot')
      await expect(visitor).toHaveURL(`${product.url}/visit`)
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
      await visitor.goto(`${product.url}/visit#token=guess`)
      await expect(visitor.getByText('This link does not work')).toBeVisible()
      await visitor.close()
      await expect.poll(() => mails.filter((mail) => mail.includes(address)).length).toBe(2)
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
