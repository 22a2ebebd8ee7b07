import type { BrowserContext, Page } from '@playwright/test'
import { book, bookingsOf, call, makeLot, register, unique, type User } from '../support/api.ts'
import { expect, signOut, test } from '../support/test.ts'

// A tab that shows one user never acts for another (one browser, several tabs, two accounts).

test.beforeEach(({ watch }) => watch.allow(/401|409|ERR_FAILED|ERR_INTERNET/))

async function signInByHand(page: Page, user: User) {
  await page.getByLabel(/^(Email|E-Mail)/).fill(user.email)
  await page.getByLabel(/^(Password|Passwort)$/).fill(user.password)
  await page.getByRole('button', { name: /^(Sign in|Anmelden)$/ }).click()
  await expect(page.locator('.pw-user')).toContainText(user.username)
}

/** The tab hears nothing of the others: as if it slept, or in a browser without channels. */
async function deafen(page: Page) {
  await page.addInitScript(() => {
    Object.assign(window, { BroadcastChannel: undefined })
    const add = window.addEventListener
    window.addEventListener = function (this: Window, ...rest: Parameters<typeof add>) {
      if (!['storage', 'pageshow'].includes(rest[0])) add.apply(this, rest)
    } as typeof add
  })
}

/** Writing requests of a tab with what they were answered. */
function writesOf(page: Page): string[] {
  const writes: string[] = []
  page.on('response', (answer) => {
    const { pathname } = new URL(answer.url())
    if (answer.request().method() !== 'GET')
      writes.push(`${answer.request().method()} ${pathname} ${answer.status()}`)
  })
  return writes
}

interface Two {
  anna: User
  bert: User
  a: Page
  b: Page
}

/** Tab A: Anna at `path`. Tab B, opened before that: Bert signs in there. */
async function twoTabs(context: BrowserContext, path: string, deaf: boolean): Promise<Two> {
  const [anna, bert] = [await register(unique('anna')), await register(unique('bert'))]
  const [a, b] = [await context.newPage(), await context.newPage()]
  if (deaf) await deafen(a)
  await Promise.all([a.goto(`/login?next=${path}`), b.goto('/login')])
  await signInByHand(a, anna)
  await expect(a).toHaveURL(new RegExp(`${path}$`))
  return { anna, bert, a, b }
}

/**
 * What Anna's token was good for ends, as it does when it is too old. What tab A reads by itself
 * waits meanwhile: it must be the press that finds out.
 */
async function endTokens(user: User, a?: Page) {
  await a?.route(/\/api\//, (route) => {
    if (route.request().method() !== 'GET') return route.fallback()
  })
  await call('POST', '/auth/logout-all', {}, user.token)
}

for (const [device, viewport] of [
  ['desktop', { width: 1280, height: 900 }],
  ['phone', { width: 390, height: 844 }],
] as const)
  test.describe(`on a ${device}`, () => {
    test.use({ viewport })

    test('who signs in in another tab is shown in this one, before anything is pressed', async ({
      context,
    }) => {
      const lot = await makeLot()
      const { anna, bert, a, b } = await twoTabs(context, `/lots/${lot.id}`, false)
      await expect(a.getByRole('button', { name: 'Book a spot now' })).toBeVisible()
      await signInByHand(b, bert)
      const notice = a.locator('.pw-notice')
      await expect(notice).toContainText(`Someone else is now signed in: ${bert.username}`)
      await expect(notice).toContainText(anna.username)
      await expect(notice).not.toContainText('was not carried out')
      await expect(a.getByRole('heading', { level: 1 })).toHaveText(`Hello ${bert.username}`)
      await notice.getByRole('button', { name: 'Close' }).click()
      await expect(notice).toBeHidden()
      await a.reload()
      await expect(a.getByRole('heading', { level: 1 })).toHaveText(`Hello ${bert.username}`)
      await expect(notice).toBeHidden()
    })

    test('a tab that heard nothing books for nobody, and says who is here now', async ({
      context,
    }) => {
      const lot = await makeLot()
      const { anna, bert, a, b } = await twoTabs(context, `/lots/${lot.id}`, true)
      const press = a.getByRole('button', { name: 'Book a spot now' })
      await press.waitFor()
      await signInByHand(b, bert)
      await endTokens(anna, a)
      await expect(a.locator('.pw-user')).toContainText(anna.username)
      const writes = writesOf(a)
      await press.click()
      await expect(a.locator('.pw-notice')).toContainText(`now signed in: ${bert.username}`)
      await expect(a.locator('.pw-notice')).toContainText('was not carried out')
      expect(writes.slice(0, 2)).toEqual(['POST /api/book 401', 'POST /auth/refresh 409'])
      expect(writes.filter((one) => one.startsWith('POST /api/book'))).toHaveLength(1)
      expect(await bookingsOf(bert)).toEqual([])
    })
  })

test('the control: what the page did before books for Bert', async ({ context }) => {
  const lot = await makeLot()
  const { anna, bert, a, b } = await twoTabs(context, `/lots/${lot.id}`, true)
  await signInByHand(b, bert)
  await endTokens(anna, a)
  const answers = await a.evaluate(
    async ([lotId, token]) => {
      const ask = (path: string, body: object, bearer: string) =>
        fetch(path, {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            'X-Requested-With': 'parkwell',
            Authorization: `Bearer ${bearer}`,
          },
          body: JSON.stringify(body),
        })
      const request = { lot_id: lotId, booking_type: 'instant' }
      const first = await ask('/api/book', request, String(token))
      const renewed = await (await ask('/auth/refresh', {}, '')).json()
      const second = await ask('/api/book', request, renewed.token)
      return [first.status, second.status]
    },
    [lot.id, anna.token],
  )
  expect(answers).toEqual([401, 201])
  expect(await bookingsOf(bert)).toHaveLength(1)
})

test('a server that does not look at the account is not believed either', async ({ context }) => {
  const lot = await makeLot()
  const { anna, bert, a, b } = await twoTabs(context, `/lots/${lot.id}`, true)
  await a.route(/\/(auth|api)\//, async (route) => {
    const headers = await route.request().allHeaders()
    delete headers['x-account']
    await route.continue({ headers })
  })
  await signInByHand(b, bert)
  await endTokens(anna, a)
  const writes = writesOf(a)
  await a.getByRole('button', { name: 'Book a spot now' }).click()
  await expect(a.locator('.pw-notice')).toContainText(`now signed in: ${bert.username}`)
  expect(writes.filter((one) => one.startsWith('POST /api/book'))).toEqual(['POST /api/book 401'])
  expect(await bookingsOf(bert)).toEqual([])
})

test('a profile is not saved into another account', async ({ context }) => {
  const { anna, bert, a, b } = await twoTabs(context, '/profile', true)
  await a.getByLabel('Number plates').fill('AN-NA 1')
  await signInByHand(b, bert)
  await endTokens(anna, a)
  await a.getByRole('button', { name: 'Save' }).first().click()
  await expect(a.locator('.pw-notice')).toContainText('was not carried out')
  const signedIn = await call<{ token: string; user: { username: string; plates: string[] } }>(
    'POST',
    '/auth/login',
    { email: bert.email, password: bert.password },
  )
  expect([signedIn.user.username, signedIn.user.plates]).toEqual([bert.username, []])
})

test('reading does not turn the page into the other user’s', async ({ context }) => {
  const { anna, bert, a, b } = await twoTabs(context, '/bookings', true)
  await signInByHand(b, bert)
  await endTokens(anna)
  // By itself: the list is asked for again as soon as the tab is looked at.
  await a.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await expect(a.locator('.pw-notice')).toContainText(`now signed in: ${bert.username}`)
  await expect(a.locator('.pw-notice')).not.toContainText('was not carried out')
})

test('signing out in a tab that shows Anna leaves Bert signed in', async ({ context }) => {
  const { bert, a, b } = await twoTabs(context, '/bookings', true)
  await signInByHand(b, bert)
  await signOut(a)
  await expect(a.locator('.pw-user')).toContainText(bert.username)
  await b.reload()
  await expect(b.locator('.pw-user')).toContainText(bert.username)
})

test('without channels the tabs hear of it by storage; a signed-out page becomes the account’s', async ({
  context,
}) => {
  await context.addInitScript(() => Object.assign(window, { BroadcastChannel: undefined }))
  const signedOut = await context.newPage()
  await signedOut.goto('/')
  const { anna, bert, a, b } = await twoTabs(context, '/bookings', false)
  await expect(signedOut.locator('.pw-user')).toContainText(anna.username)
  await signInByHand(b, bert)
  await expect(a.locator('.pw-user')).toContainText(bert.username)
  await expect(signedOut.locator('.pw-user')).toContainText(bert.username)
  await signOut(b)
  for (const tab of [a, signedOut])
    await expect(tab.getByRole('link', { name: 'Sign in' }).first()).toBeVisible()
})

test('who registers in another tab is shown here, too; in German', async ({ context }) => {
  const anna = await register(unique('anna'))
  await call('PATCH', '/auth/me', { locale: 'de' }, anna.token)
  const [a, b] = [await context.newPage(), await context.newPage()]
  await Promise.all([a.goto('/login'), b.goto('/register')])
  await signInByHand(a, anna)
  const name = unique('bert')
  // The language chosen in one tab holds in the other.
  await expect(b.getByRole('button', { name: 'Registrieren' })).toBeVisible()
  await b.getByLabel('E-Mail').fill(`${name}@example.com`)
  await b.getByLabel('Name').fill(name)
  await b.getByLabel('Passwort', { exact: true }).fill('a good long secret')
  const writes = writesOf(b)
  await b.getByRole('button', { name: 'Registrieren' }).click()
  await expect(a.locator('.pw-notice')).toContainText(
    `Jetzt ist jemand anderes angemeldet: ${name}`,
  )
  await expect(a.locator('.pw-notice')).toContainText(`Konto von ${anna.username}`)
  // The account is German from its first answer on; changed afterwards, a tab could meanwhile read English.
  expect(writes.filter((one) => !one.includes('/auth/refresh'))).toEqual([
    'POST /auth/register 201',
  ])
})

for (const domain of ['straße.example', 'ελλάς.example', 'faß.example'])
  test(`an address at ${domain} reaches the server as it was typed`, async ({ page }) => {
    const name = unique('eva')
    await page.goto('/register')
    await page.getByLabel('Email').fill(`${name}@${domain}`)
    await page.getByLabel('Name', { exact: true }).fill(name)
    await page.getByLabel('Password', { exact: true }).fill('a good long secret')
    const [request] = await Promise.all([
      page.waitForRequest((one) => one.url().endsWith('/auth/register')),
      page.getByRole('button', { name: 'Register' }).click(),
    ])
    expect(request.postDataJSON()).toMatchObject({ email: `${name}@${domain}` })
    await expect(page.locator('.pw-user')).toContainText(name)
  })

test('a release that waits for the network is not sent as somebody else', async ({
  page,
  context,
}) => {
  const [anna, bert] = [await register(unique('anna')), await register(unique('bert'))]
  const booking = await book(anna, (await makeLot()).id)
  await page.goto('/login')
  await signInByHand(page, anna)
  await page.getByRole('button', { name: 'End parking', exact: true }).click()
  const sent: string[] = []
  page.on('request', (one) => one.url().includes('/api/release/') && sent.push(one.url()))
  await context.setOffline(true)
  await page.getByRole('dialog').getByRole('button', { name: 'End parking' }).click()
  await expect
    .poll(() => page.evaluate(() => localStorage.getItem('pw-pending-releases')))
    .toContain(String(booking.id))
  await context.setOffline(false)
  await page.goto('about:blank')
  const tries = sent.length
  // The same browser, somebody else: what Anna wanted stays hers.
  await context.clearCookies()
  await page.goto('/login')
  await signInByHand(page, bert)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Hello ${bert.username}`)
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await page.goto('/bookings')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  expect(sent.slice(tries)).toEqual([])
  await signOut(page)
  await page.goto('/login')
  await signInByHand(page, anna)
  await expect.poll(async () => (await bookingsOf(anna))[0]?.status).toBe('Completed')
})
