import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { asAdmin, book, call, makeLot, release, unique } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, signOut, test } from '../support/test.ts'

// What a page has beside the journeys: the month, the second language, links in mails, keys, and
// opening without a network.

test('one’s month says what the API says; the month is in the address', async ({
  page,
  driver,
}) => {
  const lot = await makeLot()
  await release(driver, (await book(driver, lot.id)).id)
  await page.goto('/bookings')
  const month = page.getByRole('region', { name: 'Your month' })
  await expect(month.getByText('1 of 1 visits')).toBeVisible()
  await expect(month.getByText(lot.name)).toBeVisible()
  await page.goto('/bookings?month=2020-02')
  await expect(month.getByText('You did not park in February 2020.')).toBeVisible()
  await month.getByRole('button', { name: 'Next month' }).click()
  await expect(page).toHaveURL(/month=2020-03/)
  expect(await violations(page)).toEqual([])
})

test('who reads German is told everything in German, whatever the browser speaks', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/422/)
  await call('PATCH', '/auth/me', { locale: 'de' }, driver.token)
  const lot = await makeLot({ daily_cap: 5 })
  const { id } = await book(driver, lot.id)
  await release(driver, id)
  // Signed in by hand: the language changes while the page changes (no text may be missing then).
  await page.context().clearCookies()
  await page.addInitScript(() => localStorage.removeItem('pw-returning'))
  await page.goto(`/login?next=/bookings/${id}/receipt`)
  await page.getByLabel('Email').fill(driver.email)
  await page.getByLabel('Password', { exact: true }).fill(driver.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: 'Beleg' })).toBeVisible()
  await expect(page.getByRole('cell', { name: '2,50 €/Std.' })).toBeVisible()
  await page.getByRole('button', { name: driver.username }).click()
  await page.getByRole('link', { name: 'Profil' }).click()
  await page.getByLabel('Kennzeichen').fill('!!!')
  await page.getByRole('button', { name: 'Speichern' }).first().click()
  await expect(page.locator('.alert-danger')).toContainText(
    'Ein Kennzeichen hat 1 bis 15 Buchstaben',
  )
})

test.describe('for a guest on a German phone', () => {
  test.use({ locale: 'de-DE' })

  for (const width of [320, 390, 430, 512])
    test(`the header shows the whole name of the site at ${width} pixels`, async ({ page }) => {
      await page.setViewportSize({ width, height: 740 })
      await page.goto('/')
      const header = page.getByRole('banner')
      await expect(header.getByRole('link', { name: 'Anmelden' })).toBeVisible()
      const name = header.locator('.pw-brand span')
      await expect(name).toHaveText('Parkwell')
      const cut = () => name.evaluate((span) => span.scrollWidth > span.clientWidth)
      await expect.poll(cut).toBe(false)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      await expect(page.getByRole('link', { name: 'Loslegen' })).toBeVisible()
    })
})

test('the glossary explains the words of the map, by keyboard, in both languages', async ({
  page,
  driver,
}) => {
  const lot = await makeLot()
  await page.goto(`/lots/${lot.id}`)
  const link = page.getByRole('link', { name: 'Glossary' })
  await link.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await expect(page.locator('#guaranteedUntil dt')).toHaveText('Guaranteed until')
  await call('PATCH', '/auth/me', { locale: 'de' }, driver.token)
  await page.reload()
  await expect(page.locator('#guaranteedUntil dt')).toHaveText('Garantiert bis')
})

test('the link in the mail about an export leads to its file', async ({ page, driver }) => {
  await release(driver, (await book(driver, (await makeLot()).id)).id)
  const { export: job } = await call<{ export: { id: number } }>(
    'POST',
    '/api/exports',
    { kind: 'bookings' },
    driver.token,
  )
  await page.goto(`/bookings?export=${job.id}#token=of-the-mail`)
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('Your file is ready')).toBeVisible()
  expect(page.url()).not.toContain('token')
  const file = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Download' }).click()
  expect((await file).suggestedFilename()).toMatch(/^parkwell-bookings-\d{4}-\d\d-\d\d\.csv$/)
})

test('a file for the spreadsheet of another country', async ({ page, driver }) => {
  await release(driver, (await book(driver, (await makeLot()).id)).id)
  await page.goto('/bookings')
  await page.getByRole('button', { name: 'Export CSV' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Format of CSV files').selectOption('semicolon')
  await expect(dialog.getByText('Your file is ready')).toBeVisible()
  const saved = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Download' }).click()
  const [heading, line] = readFileSync(await (await saved).path(), 'utf8').split('\r\n')
  expect(heading).toContain('"Reference";"Lot";"Spot"')
  expect(line).toMatch(/;\d{4}-\d\d-\d\d \d\d:\d\d:\d\d;.*;2,50;/)
})

test.describe('for administrators', () => {
  test.beforeEach(async ({ context }) => signIn(context, ADMIN))

  test('keys search and help, not while one types, and not when turned off', async ({ page }) => {
    await page.goto('/admin/users')
    const search = page.getByRole('searchbox')
    await search.click()
    await page.keyboard.type('/?')
    await expect(search).toHaveValue('/?')
    await expect(page.getByRole('dialog')).toBeHidden()
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('/')
    await expect(page.getByRole('dialog', { name: 'Find anything' })).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog').getByText('Find anything')).toHaveCount(2)
    await page.getByRole('checkbox', { name: 'Enable single-key shortcuts' }).uncheck()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.keyboard.press('/')
    await expect(page.getByRole('dialog')).toBeHidden()
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('dialog', { name: 'Find anything' })).toBeVisible()
  })

  test('every kind of mail can be looked at and sent to oneself', async ({ page }) => {
    await page.goto('/admin/mail?view=samples&kind=receipt&language=de')
    const frame = page.frameLocator('.pw-mail-frame')
    await expect(frame.getByRole('heading').first()).toBeVisible()
    await page.getByRole('button', { name: 'Send me a test email' }).click()
    await expect(page.getByText(`on its way to ${ADMIN.email}`)).toBeVisible()
  })
})

test('a lot that is closed leaves the open pages of others, and comes back', async ({
  page,
  driver,
}) => {
  expect(driver.id).toBeGreaterThan(0)
  const lot = await makeLot({ name: unique('Closing') })
  await page.goto('/')
  await expect(page.getByText(lot.name)).toBeVisible()
  await expect(page.getByText('Live')).toBeVisible()
  await call('DELETE', `/api/lots/${lot.id}`, undefined, await asAdmin())
  await expect(page.getByText(lot.name)).toBeHidden()
  await call('POST', `/api/lots/${lot.id}/restore`, {}, await asAdmin())
  await expect(page.getByText(lot.name)).toBeVisible()
})

test.describe('without a network', () => {
  test.use({ serviceWorkers: 'allow' })

  test('the page opens with the booking last seen, keeps no answer, and forgets at sign-out', async ({
    page,
    context,
    driver,
    watch,
  }) => {
    // Files that were on their way when the network went are reported, too.
    watch.allow(/ERR_INTERNET_DISCONNECTED|Failed to load resource|preload/)
    const { spot_number } = await book(driver, (await makeLot()).id)
    const cachedPaths = () =>
      page.evaluate(async () => {
        const keys = await (await caches.open('pw-page')).keys()
        return keys.map(({ url }) => new URL(url).pathname)
      })
    await page.goto('/')
    await expect(page.locator('.pw-summary-number')).toHaveText(String(spot_number))
    // The profile is the last of the pages that are fetched for later.
    for (const name of ['OfflinePage', 'ProfilePage', 'PasswordField'])
      await expect
        .poll(async () => (await cachedPaths()).some((path) => path.includes(`${name}-`)))
        .toBe(true)
    expect((await cachedPaths()).filter((path) => /^\/(api|auth)/.test(path))).toEqual([])

    await context.setOffline(true)
    await page.goto('/profile')
    await expect(page.getByRole('heading', { name: 'No connection' })).toBeVisible()
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
    await expect(page.locator('.pw-summary-number')).toHaveText(String(spot_number))
    expect(await violations(page)).toEqual([])

    await context.setOffline(false)
    // The page that was asked for, and not another.
    await expect(page.getByRole('heading', { name: 'Profile', level: 1 })).toBeVisible()
    await signOut(page)
    await expect(page.getByRole('link', { name: 'Sign in' }).first()).toBeVisible()
    expect(await page.evaluate(() => localStorage.getItem('pw-last-bookings'))).toBeNull()
  })
})

test('what the page is made of travels packed', async ({ page }) => {
  const plain: string[] = []
  page.on('response', (answer) => {
    const packed = answer.headers()['content-encoding'] !== undefined
    if (/\.(js|css)$/.test(answer.url()) && !packed) plain.push(answer.url())
  })
  await page.goto('/login')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  expect(plain).toEqual([])
})

test('one takes one’s data along from the profile', async ({ page, driver }) => {
  const booked = await book(driver, (await makeLot()).id)
  await release(driver, booked.id)
  await page.goto('/profile')
  const card = page.getByRole('region', { name: 'Your data' })
  const saved = page.waitForEvent('download')
  await card.getByRole('button', { name: 'Download my data' }).click()
  const file = await saved
  expect(file.suggestedFilename()).toBe('my-data.json')
  const data = JSON.parse(await readFile(await file.path(), 'utf8'))
  expect(data.account.email).toBe(driver.email)
  expect(data.bookings.map((one: { id: number }) => one.id)).toEqual([booked.id])
  await expect(page.getByText('Your data has been downloaded.').first()).toBeVisible()
})
