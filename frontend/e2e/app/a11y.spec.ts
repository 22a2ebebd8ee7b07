import type { Page } from '@playwright/test'
import { book, makeLot, register, release, reserve, unique, type User } from '../support/api.ts'
import { problem } from '../support/answers.ts'
import { examine, examineAll, MANY_SCREENS, type Screen } from '../support/examine.ts'
import { expect, signIn, test } from '../support/test.ts'

interface Setting {
  driver: User
  lot: number
  running: number
  coming: number
  done: number
}

/** Somebody with everything: a running, a coming and a finished booking, in a lot with a long name. */
async function settle(): Promise<Setting> {
  const driver = await register()
  const long = `${unique('Parkhaus am Alten Güterbahnhof')}${' und noch ein Stück weiter'.repeat(2)}`
  const lot = (await makeLot({ capacity: 12, name: long, address: '1 Very Long Street Name' })).id
  const done = await book(driver, lot)
  await release(driver, done.id)
  const running = await book(driver, lot)
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const coming = await reserve(driver, lot, `${tomorrow}T09:00`, `${tomorrow}T17:00`)
  return { driver, lot, running: running.id, coming: coming.id, done: done.id }
}

// A recording of every look at every screen would take as long again.
test.use({ trace: 'off' })

let setting: Setting
test.beforeAll(async () => {
  setting = await settle()
})

const press = (name: string | RegExp) => (page: Page) =>
  page.getByRole('button', { name, exact: true }).first().click()
const dialog = (name: string | RegExp) => async (page: Page) => {
  await press(name)(page)
  await page.getByRole('dialog').waitFor()
}
/** Sends a form as it is and waits for what it says. */
const refused = async (page: Page) => {
  await page.locator('main form [type=submit]').first().click()
  await page.getByText('There is a problem').waitFor()
  await expect(page.locator('.alert-danger')).toBeFocused()
}

test('pages for everybody', async ({ page, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/40[014]|422/)
  const forms = ['login', 'register', 'forgot-password', 'reset-password#token=x', 'setup#token=x']
  await examineAll(page, [
    { name: 'landing', path: '/', ready: /free of/ },
    // First: a tab keeps the link that it was opened with until it was used.
    { name: 'a broken link', path: '/reset-password', ready: 'does not work' },
    ...forms.map((form) => ({
      name: form,
      path: `/${form}`,
      ready: /Sign in|Register|Set|forgot/i,
    })),
    ...forms.map((form) => ({
      name: `${form} with errors`,
      path: `/${form}`,
      ready: /Sign in|Register|Set|forgot/i,
      then: refused,
    })),
    { name: 'a new address', path: '/confirm-email#token=x', ready: 'Confirm' },
    {
      name: 'a new address with a bad link',
      path: '/confirm-email#token=x',
      ready: 'Confirm',
      then: async (at) => {
        await press('Confirm this address')(at)
        await at.getByText('It may be incomplete, expired').waitFor()
      },
    },
    { name: 'glossary', path: '/glossary', ready: 'Guaranteed until' },
    { name: 'lot, signed out', path: `/lots/${setting.lot}`, ready: 'Sign in to book' },
    { name: 'no such lot, signed out', path: '/lots/999999', ready: 'Not found' },
    { name: 'not found', path: '/nowhere', ready: 'Page not found' },
  ])
})

test('pages of a driver', async ({ page, context, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/404/)
  await signIn(context, setting.driver)
  const { lot, running, coming, done } = setting
  await examineAll(page, [
    { name: 'home', path: '/', ready: /free of/ },
    { name: 'lot', path: `/lots/${lot}`, ready: 'No preference?' },
    {
      name: 'lot, a spot chosen',
      path: `/lots/${lot}`,
      ready: 'No preference?',
      then: press(/^Spot 5, available/),
    },
    {
      name: 'lot as a list',
      path: `/lots/${lot}`,
      ready: 'No preference?',
      then: press('List'),
    },
    {
      name: 'lot, a time of one’s own',
      path: `/lots/${lot}?later=1`,
      ready: 'No preference?',
      then: press('Other time'),
    },
    { name: 'running booking', path: `/bookings/${running}`, ready: 'Guaranteed until' },
    { name: 'coming booking', path: `/bookings/${coming}`, ready: 'Starts in' },
    { name: 'finished booking', path: `/bookings/${done}`, ready: 'Booking completed' },
    { name: 'receipt', path: `/bookings/${done}/receipt`, ready: 'Issued' },
    { name: 'history', path: '/bookings', ready: /\d bookings/ },
    { name: 'profile', path: '/profile', ready: 'This device' },
    { name: 'forbidden', path: '/admin/users', ready: 'for administrators' },
    { name: 'nobody’s booking', path: '/bookings/999999', ready: 'Not found' },
    { name: 'no such lot', path: '/lots/999999', ready: 'Not found' },
  ])
})

test('dialogs of a driver', async ({ page, context, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/409/)
  await signIn(context, setting.driver)
  const full = await makeLot({ capacity: 1 })
  await book(await register(), full.id)
  const home = (name: string | RegExp): Screen => ({
    name: `dialog ${String(name)}`,
    path: '/',
    ready: /free of/,
    then: dialog(name),
  })
  await page.route(
    '**/api/book',
    problem(409, 'spot_taken', { next_spot: { spot_id: 1, spot_number: 7 } }),
  )
  await examineAll(page, [
    ...['End parking', 'Extend', 'Cancel booking'].map(home),
    home(/^Reserve for later at/),
    {
      ...home(/^Book now at/),
      name: 'question before a second stay',
      then: async (at) => {
        await dialog(/^Book now at/)(at)
        await press('Book a spot now')(at)
        await at.getByRole('group', { name: 'You are already parked' }).waitFor()
      },
    },
    {
      ...home(/^Book now at/),
      name: 'dialog of a lost race',
      then: async (at) => {
        await dialog(/^Book now at/)(at)
        await press('Book a spot now')(at)
        // The driver of this setting is parked already.
        await press('Keep both')(at)
        await at.getByRole('button', { name: 'Take spot 7' }).waitFor()
      },
    },
    {
      name: 'full lot with a way out',
      path: `/lots/${full.id}`,
      ready: 'No preference?',
      then: async (at) => {
        await at.unroute('**/api/book')
        await press('See other options')(at)
        await at
          .getByRole('button', { name: /^Book at/ })
          .first()
          .waitFor()
      },
    },
    { name: 'export', path: '/bookings', ready: /\d bookings/, then: dialog('Export CSV') },
    {
      name: 'delete account',
      path: '/profile',
      ready: 'This device',
      then: async (at) => {
        await dialog('Delete account')(at)
        await press('Delete permanently')(at)
        await expect(at.locator('.alert-danger')).toBeFocused()
      },
    },
  ])
})

test('empty places', async ({ page, driver, context, watch }) => {
  watch.allow(/401/) // signed out in the midst of it
  test.setTimeout(MANY_SCREENS)
  await page.goto('/')
  await page.getByLabel('Search by name or address').fill('zzz no such lot')
  await page.getByText('No parking lot matches').waitFor()
  await examine(page, 'search without a match')
  await page.route(/\/api\/(public\/)?lots(\?.*)?$/, (route) =>
    route.fulfill({ json: { lots: [] } }),
  )
  await examineAll(page, [
    { name: 'no car park', path: '/', ready: 'No parking lots yet' },
    { name: 'empty history', path: '/bookings', ready: 'No bookings yet' },
    {
      name: 'history without a match',
      path: '/bookings?status=No-show',
      ready: 'No bookings match',
    },
  ])
  expect(driver.id).toBeGreaterThan(0)
  await context.clearCookies()
  await page.evaluate(() => localStorage.clear())
  await examineAll(page, [{ name: 'landing, no lots', path: '/', ready: 'No parking lots yet' }])
})

test('when the server fails, or the network', async ({ page, context, driver, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/500|ERR_INTERNET_DISCONNECTED/)
  expect(driver.id).toBeGreaterThan(0)
  await page.goto('/bookings')
  await page.getByText('No bookings yet').waitFor()
  await context.setOffline(true)
  await page.getByText('You are offline').waitFor()
  await examine(page, 'offline')
  await context.setOffline(false)
  await page.route(/\/(api\/(?!public\/site)|auth\/sessions)/, problem(500, 'server_error'))
  const { lot, done } = setting
  const places = [
    '/',
    `/lots/${lot}`,
    '/bookings',
    `/bookings/${done}`,
    `/bookings/${done}/receipt`,
  ]
  await examineAll(page, [
    ...[...places, '/profile'].map((path) => ({
      name: `failing ${path}`,
      path,
      ready: 'could not be loaded',
      then: (at: Page) => expect(at.getByText('Request abc-123').first()).toBeVisible(),
    })),
  ])
})
