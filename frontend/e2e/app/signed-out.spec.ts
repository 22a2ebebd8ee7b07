import { asAdmin, book, call, makeLot, register, unique } from '../support/api.ts'
import { examine, violations } from '../support/examine.ts'
import { expect, signIn, test } from '../support/test.ts'

// What somebody without an account can look at and set.

for (const [device, viewport] of [
  ['desktop', { width: 1280, height: 900 }],
  ['phone', { width: 320, height: 740 }],
] as const)
  test.describe(`a lot, signed out, on a ${device}`, () => {
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
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Stellplatz finden und buchen')
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
