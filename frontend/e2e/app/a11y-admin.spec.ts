import type { Locator, Page } from '@playwright/test'
import { asAdmin, book, call, makeLot, register, release, reserve, unique } from '../support/api.ts'
import { problem } from '../support/answers.ts'
import { examine, examineAll, MANY_SCREENS, type Screen } from '../support/examine.ts'
import { ADMIN } from '../support/product.ts'
import { signIn, test } from '../support/test.ts'

interface Setting {
  lot: number
  name: string
  user: number
}

/** A lot with a car, a reservation, a finished stay and a closed spot; and what administrators see of it all. */
async function settle(): Promise<Setting> {
  const [driver, guest] = [await register(), await register()]
  const lot = await makeLot({ capacity: 12, name: unique('AAA admin'), address: 'Quay 1' })
  await release(guest, (await book(guest, lot.id)).id)
  await book(driver, lot.id)
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const coming = await reserve(driver, lot.id, `${tomorrow}T09:00`, `${tomorrow}T17:00`)
  const token = await asAdmin()
  const { spots } = await call<{ spots: { id: number; spot_number: number }[] }>(
    'GET',
    `/api/spots/${lot.id}`,
    undefined,
    token,
  )
  const closed = spots.find((one) => one.spot_number === 12 && one.id !== coming.spot_id)
  await call('PATCH', `/api/spots/${closed?.id}`, { out_of_service: true, reason: 'Paint' }, token)
  await call('POST', '/api/exports', { kind: 'all_data' }, token)
  return { lot: lot.id, name: lot.name, user: driver.id }
}

// A recording of every look at every screen would take as long again.
test.use({ trace: 'off' })

let setting: Setting
test.beforeAll(async () => {
  setting = await settle()
})
test.beforeEach(({ context }) => signIn(context, ADMIN))

/** Presses the first such button, for a dialog to open. */
const opens =
  (name: string | RegExp, within: (page: Page) => Locator = (page) => page.locator('main')) =>
  async (page: Page) => {
    await within(page).getByRole('button', { name }).first().click()
    await page.getByRole('dialog').waitFor()
  }
const inDialog = (page: Page) => page.getByRole('dialog')

test('administrators: places', async ({ page, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/404/)
  const { lot, name, user } = setting
  await examineAll(page, [
    { name: 'overview', path: '/admin', ready: 'Revenue yesterday' },
    { name: 'lots', path: '/admin/lots', ready: name },
    { name: 'one lot', path: `/admin/lots/${lot}`, ready: 'No spot selected' },
    { name: 'bookings', path: '/admin/bookings', ready: '€' }, // others may have booked for later days
    {
      name: 'bookings narrowed',
      path: `/admin/bookings?user_id=${user}&lot_id=${lot}`,
      ready: name,
    },
    { name: 'users', path: '/admin/users', ready: '@example.com' },
    { name: 'a user', path: `/admin/users/${user}`, ready: 'Disable account' },
    { name: 'no such user', path: '/admin/users/999999', ready: 'Not found' },
    { name: 'no such lot', path: '/admin/lots/999999', ready: 'Not found' },
  ])
})

test('administrators: mail, exports, log and figures', async ({ page }) => {
  test.setTimeout(MANY_SCREENS)
  const { lot, user } = setting
  await examineAll(page, [
    { name: 'mail', path: '/admin/mail', ready: 'Attempts' },
    { name: 'schedule', path: '/admin/mail?view=schedule', ready: 'Run now' },
    { name: 'system', path: '/admin/health', ready: 'Version' },
    { name: 'exports', path: '/admin/exports', ready: 'All data' },
    { name: 'log', path: '/admin/audit', ready: 'Before → after' },
    { name: 'log narrowed', path: `/admin/audit?actor_id=${user}`, ready: 'Only by' },
    {
      name: 'figures',
      path: `/admin/analytics?period=today&lot=${lot}`,
      ready: 'Busiest hour',
      then: (at) => at.locator('.pw-chart canvas').first().waitFor(),
    },
    {
      name: 'figures as tables',
      path: `/admin/analytics?period=today&lot=${lot}`,
      ready: 'Busiest hour',
      then: async (at) => {
        await at.locator('.pw-chart canvas').first().waitFor()
        const tables = at.getByRole('button', { name: 'Table' })
        while (await tables.count()) await tables.first().click()
      },
    },
  ])
})

test('administrators: dialogs about lots and spots', async ({ page, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/409|412|422/)
  const { lot, name } = setting
  const at = `/admin/lots/${lot}`
  const saved = (await page.context().request.get('/api/public/lots')).ok()
  test.expect(saved).toBe(true)
  await examineAll(page, [
    { name: 'who is on a spot', path: `${at}?spot=1`, ready: 'Force release' },
    { name: 'a closed spot', path: `${at}?spot=12`, ready: 'Reopen' },
    {
      name: 'taking a spot out of service',
      path: `${at}?spot=7`,
      ready: 'Level and features',
      then: async (here) => {
        await here.getByText('Take out of service').first().click()
        await here.getByText('Visible to administrators and the staff').waitFor()
      },
    },
    {
      name: 'spot features',
      path: `${at}?spot=7`,
      ready: 'Level and features',
      then: async (here) => {
        await here.getByText('Level and features').click()
        await here.getByLabel('Level').waitFor()
      },
    },
    {
      name: 'force release without a reason',
      path: `${at}?spot=1`,
      ready: 'Force release',
      then: async (here) => {
        await opens('Force release')(here)
        await inDialog(here).last().getByRole('button', { name: 'Force release' }).click()
        await here.getByText('There is a problem').waitFor()
      },
    },
    {
      name: 'a new lot with errors',
      path: '/admin/lots',
      ready: name,
      then: async (here) => {
        await opens('New lot')(here)
        await inDialog(here).getByText('More', { exact: true }).click()
        await inDialog(here).getByRole('button', { name: 'Create lot' }).click()
        await here.getByText('There is a problem').waitFor()
      },
    },
    {
      name: 'a shrink that is blocked',
      path: at,
      ready: 'No spot selected',
      then: async (here) => {
        await opens('Edit')(here)
        await inDialog(here).getByLabel('Number of spots').fill('0')
        await inDialog(here).getByLabel('Number of spots').fill('1')
        await inDialog(here).getByRole('button', { name: 'Save' }).click()
        await here.getByText('Blocked by').waitFor()
      },
    },
    {
      name: 'deleting a lot with cars',
      path: at,
      ready: 'No spot selected',
      then: async (here) => {
        await opens('Delete')(here)
        await inDialog(here).getByRole('button', { name: 'Delete' }).click()
        await here.getByText('Cars are still parked here').waitFor()
      },
    },
    {
      name: 'several spots',
      path: `/admin/lots/${lot}`,
      ready: 'No spot selected',
      then: async (here) => {
        await opens('Bulk edit')(here)
        await inDialog(here).getByLabel('Spots').fill('1-')
        await inDialog(here).getByRole('button', { name: 'Change' }).click()
        await here.getByText('Enter numbers and ranges').first().waitFor()
      },
    },
    {
      name: 'an import with bad lines',
      path: '/admin/lots',
      ready: name,
      then: async (here) => {
        await opens('Import')(here)
        await choose(here, 'name,capacity,price_per_hour\n,many,-1\n')
        await here.getByText('Nothing was imported').waitFor()
      },
    },
    {
      name: 'an import, seen before',
      path: '/admin/lots',
      ready: name,
      then: async (here) => {
        await opens('Import')(here)
        await choose(here, 'name,capacity,price_per_hour\nHarbour,12,2.50\n')
        await here.getByText('1 lot will be created').last().waitFor()
      },
    },
  ])
})

const choose = (page: Page, csv: string) =>
  page
    .locator('input[type=file]')
    .setInputFiles({ name: 'lots.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })

test('administrators: two who edit at once', async ({ page, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/412/)
  const mine = await makeLot()
  await page.goto(`/admin/lots/${mine.id}`)
  await opens('Edit')(page)
  const { lot } = await call<{ lot: object }>(
    'PUT',
    `/api/lots/${mine.id}`,
    {
      price_per_hour: 9,
      address: 'Elsewhere 1',
    },
    await asAdmin(),
  )
  test.expect(lot).toBeTruthy()
  await inDialog(page).getByLabel('Price per hour').fill('4')
  await inDialog(page).getByRole('button', { name: 'Save' }).click()
  await page.getByText('Someone else has changed this lot').waitFor()
  await examine(page, 'both versions of a lot')
})

test('administrators: dialogs about bookings, users and mail', async ({ page }) => {
  test.setTimeout(MANY_SCREENS)
  const { name, user } = setting
  await examineAll(page, [
    {
      name: 'one booking',
      path: `/admin/bookings?user_id=${user}&status=Active`,
      ready: name,
      then: opens(/^Open booking/),
    },
    {
      name: 'disabling an account',
      path: `/admin/users/${user}`,
      ready: 'Change roles',
      then: opens('Disable account'),
    },
    {
      name: 'signing a user out',
      path: `/admin/users/${user}`,
      ready: 'Disable account',
      then: opens('Sign out everywhere'),
    },
    {
      name: 'roles',
      path: `/admin/users/${user}`,
      ready: 'Change roles',
      then: opens('Change roles'),
    },
    {
      name: 'run now',
      path: '/admin/mail?view=schedule',
      ready: 'Run now',
      then: async (here) => {
        await opens('Run now')(here)
        await inDialog(here)
          .getByText(/emails? to|No emails/)
          .waitFor()
      },
    },
    ...['HTML', 'Plain text', 'Headers'].map((view) => ({
      name: `one mail, ${view}`,
      path: '/admin/mail',
      ready: 'Attempts',
      then: async (here: Page) => {
        await here.locator('.pw-mail-subject').first().click()
        await inDialog(here).getByRole('button', { name: view, exact: true }).click()
      },
    })),
  ])
})

/** Without its settings of the site the page would not even know its name. */
const ALL_BUT_SITE = /\/api\/(?!public\/site)/
const EMPTY: Record<string, object> = {
  lots: { lots: [] },
  'admin/bookings': { bookings: [], next: null },
  users: { users: [], next: null, total: 0 },
  exports: { exports: [] },
  'admin/audit': { entries: [], next: null },
}

test('administrators: empty places', async ({ page }) => {
  test.setTimeout(MANY_SCREENS)
  for (const [path, json] of Object.entries(EMPTY))
    await page.route(new RegExp(`/api/${path}(\\?.*)?$`), (route) => route.fulfill({ json }))
  // What the outbox says of itself stays; only its mails are gone.
  await page.route(/\/api\/admin\/emails(\?.*)?$/, async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ json: { ...(await answer.json()), emails: [], next: null } })
  })
  await examineAll(page, [
    { name: 'overview without lots', path: '/admin', ready: 'Revenue yesterday' },
    { name: 'no lots', path: '/admin/lots', ready: 'No lots yet' },
    { name: 'no bookings', path: '/admin/bookings', ready: 'No bookings yet' },
    {
      name: 'no booking fits',
      path: '/admin/bookings?status=No-show',
      ready: 'No bookings match',
    },
    { name: 'nobody', path: '/admin/users', ready: 'No users yet' },
    { name: 'nobody fits', path: '/admin/users?q=zzz', ready: 'No users match' },
    { name: 'no mail', path: '/admin/mail', ready: 'No emails yet' },
    { name: 'no mail fits', path: '/admin/mail?state=failed', ready: 'No emails match' },
    { name: 'no exports', path: '/admin/exports', ready: 'No exports yet' },
    { name: 'nothing logged', path: '/admin/audit', ready: 'No changes yet' },
    {
      name: 'figures of nothing',
      path: '/admin/analytics?from=1999-01-01&to=1999-01-07',
      ready: 'No data in this period',
    },
  ])
})

test('administrators: when the server fails', async ({ page, watch }) => {
  test.setTimeout(MANY_SCREENS)
  watch.allow(/500/)
  await page.route(ALL_BUT_SITE, problem(500, 'server_error'))
  const places = [
    '',
    '/lots',
    `/lots/${setting.lot}`,
    '/bookings',
    '/users',
    `/users/${setting.user}`,
    '/analytics',
    '/mail',
    '/mail?view=schedule',
    '/health',
    '/exports',
    '/audit',
  ]
  await examineAll(
    page,
    places.map((place): Screen => ({
      name: `failing admin page ${place}`,
      path: `/admin${place}`,
      ready: 'could not be loaded',
    })),
  )
})
