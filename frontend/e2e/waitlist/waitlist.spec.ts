import type { Page } from '@playwright/test'
import {
  asAdmin,
  book,
  bookingsOf,
  call,
  makeLot,
  register,
  reserve,
  unique,
  type BookingDetails,
  type LotDetails,
  type User,
} from '../support/api.ts'
import { examine, MANY_SCREENS, standsStill, violations } from '../support/examine.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

// Three people want the last spot of a lot. The second and the third wait for it.

interface Entry {
  id: number
  status: string
  position: number | null
}

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
const WINDOW = { reserved_start: `${TOMORROW}T09:00`, reserved_end: `${TOMORROW}T17:00` }

const wait = async (user: User, lot: LotDetails) =>
  (
    await call<{ entry: Entry }>(
      'POST',
      '/api/waitlist',
      { lot_ids: [lot.id], booking_type: 'reserved', ...WINDOW },
      user.token,
    )
  ).entry
const entriesOf = async (user: User) =>
  (await call<{ entries: Entry[] }>('GET', '/api/waitlist', undefined, user.token)).entries
const cancel = (user: User, { id }: BookingDetails) =>
  call('POST', `/api/bookings/${id}/cancel`, {}, user.token)

/** A lot whose one spot somebody else has reserved for tomorrow. */
async function fullTomorrow() {
  const lot = await makeLot({ capacity: 1, timezone: 'UTC' })
  const first = await register()
  const booking = await reserve(first, lot.id, WINDOW.reserved_start, WINDOW.reserved_end)
  return { lot, first, booking }
}

/** A lot with an offer to this user, and the entry that has it. */
async function offeredTo(user: User) {
  const { lot, first, booking } = await fullTomorrow()
  const entry = await wait(user, lot)
  await cancel(first, booking)
  await expect.poll(async () => (await entriesOf(user))[0]?.status).toBe('Offered')
  return { lot, entry }
}

const places = (page: Page) =>
  page.getByRole('region', { name: /^(Your waitlist|A spot is held for you)$/ })
const card = (page: Page, lot: LotDetails) =>
  places(page).getByRole('article').filter({ hasText: lot.name })
const bell = (page: Page) =>
  page.getByRole('button', { name: /^(Notices|No notices|\d+ notices?)$/ })

/** Joins by the page of the lot, for tomorrow. */
async function joinOnPage(page: Page, lot: LotDetails, place: string): Promise<void> {
  await page.goto(`/lots/${lot.id}`)
  const panel = page.getByRole('region', { name: `Park at ${lot.name}` })
  await panel.getByRole('button', { name: 'Reserve for later' }).click()
  await panel.getByRole('button', { name: 'Tomorrow 9–17' }).click()
  const waitlist = panel.getByRole('region', { name: 'Waitlist' })
  await waitlist
    .getByRole('button', { name: `Join the waitlist (you would be ${place})` })
    .press('Enter')
  const view = waitlist.getByRole('link', { name: 'Show your place' })
  await expect(view).toBeFocused()
  await expect(waitlist).toContainText(/You are on the waitlist for .*09:00/)
  await expect(waitlist).toContainText(`${place} in the queue.`)
}

test('the second sees the offer within two seconds of the cancellation, and accepts it', async ({
  page,
  driver,
}) => {
  const { lot, first, booking } = await fullTomorrow()
  const third = await register()
  await joinOnPage(page, lot, '1st')
  await wait(third, lot)
  await page.goto('/')
  await expect(card(page, lot)).toContainText('You are next in the queue.')
  await expect(bell(page)).toHaveAccessibleName('No notices')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()

  await cancel(first, booking)
  const accept = card(page, lot).getByRole('button', { name: 'Accept spot 1' })
  await expect(accept).toBeVisible({ timeout: 2000 })
  await expect(page.getByText(`A spot is held for you at ${lot.name}: spot 1`)).toBeVisible()
  await expect(card(page, lot).getByRole('timer')).toHaveText(/^1[45]:\d\d left to accept$/)
  await expect(card(page, lot)).toContainText('€20.00')
  await expect(bell(page)).toHaveAccessibleName('1 notice')

  await accept.focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/bookings\/\d+\?created=1$/)
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('spot 1')
  const mine = (await bookingsOf(driver)).filter(({ lot_id }) => lot_id === lot.id)
  expect(mine).toMatchObject([{ status: 'Reserved', spot_number: 1 }])
  expect(await entriesOf(third)).toMatchObject([{ status: 'Waiting', position: 1 }])
  await expect(bell(page)).toHaveAccessibleName('No notices')
})

test('the second declines, and the third gets the offer', async ({ page, driver, context }) => {
  const { lot, first, booking } = await fullTomorrow()
  const third = await register()
  await wait(driver, lot)
  await wait(third, lot)
  await page.goto('/')
  await expect(card(page, lot)).toContainText('You are next in the queue.')
  await cancel(first, booking)
  await card(page, lot).getByRole('button', { name: 'Decline' }).click()
  const question = page.getByRole('dialog', { name: 'Decline spot 1?' })
  expect(await violations(page)).toEqual([])
  await question.getByRole('button', { name: 'Back to the offer' }).press('Enter')
  await expect(card(page, lot).getByRole('button', { name: 'Decline' })).toBeFocused()
  await page.keyboard.press('Enter')
  await question.getByRole('button', { name: 'Decline' }).press('Enter')
  await expect(page.getByText('You declined the offer.').first()).toBeVisible()
  await expect(card(page, lot)).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await expect.poll(async () => (await entriesOf(third))[0]?.status).toBe('Offered')
  expect(await bookingsOf(driver)).toHaveLength(0)

  const tab = await context.browser()!.newContext({ baseURL: process.env.E2E_URL })
  await signIn(tab, third)
  const theirs = await tab.newPage()
  await theirs.goto('/')
  await card(theirs, lot).getByRole('button', { name: 'Accept spot 1' }).click()
  await expect(theirs).toHaveURL(/\/bookings\/\d+/)
  await tab.close()
  expect(await bookingsOf(third)).toMatchObject([{ lot_id: lot.id, status: 'Reserved' }])
})

test('the link of the email asks to sign in, comes back, and accepts nothing by itself', async ({
  page,
}) => {
  const user = await register()
  const { lot, entry } = await offeredTo(user)
  await page.goto(`/waitlist/${entry.id}`)
  await expect(page).toHaveURL(/\/login\?next=/)
  await page.getByLabel(/^Email/).fill(user.email)
  await page.getByLabel(/^Password$/).fill(user.password)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/waitlist/${entry.id}$`))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('A spot is held for you')
  await page.reload()
  await expect(page.getByRole('button', { name: 'Accept spot 1' })).toBeVisible()
  expect(await entriesOf(user)).toMatchObject([{ status: 'Offered' }])
  expect(await bookingsOf(user)).toHaveLength(0)

  // In another tab or by another program it was declined: the page says so, and what to do next.
  await call('POST', `/api/waitlist/${entry.id}/decline`, {}, user.token)
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('You declined the offer')
  await expect(page.getByRole('button', { name: 'Accept spot 1' })).toHaveCount(0)
  await page.getByRole('link', { name: `Look for a spot at ${lot.name}` }).click()
  await expect(page).toHaveURL(new RegExp(`/lots/${lot.id}$`))
})

test('a place of another account is not there', async ({ page, driver, watch }) => {
  watch.allow(/404/)
  expect(driver.id).toBeGreaterThan(0)
  const { entry } = await offeredTo(await register())
  await page.goto(`/waitlist/${entry.id}`)
  await expect(page.getByText('This waitlist entry was not found')).toBeVisible()
})

test('a place is left at home, by keyboard, on a phone', async ({ page, driver }) => {
  const { lot } = await fullTomorrow()
  await wait(driver, lot)
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/')
  await card(page, lot)
    .getByRole('button', { name: `Leave the waitlist for ${lot.name}` })
    .focus()
  await page.keyboard.press('Enter')
  await page
    .getByRole('dialog', { name: 'Leave the waitlist?' })
    .getByRole('button', { name: 'Leave the waitlist' })
    .press('Enter')
  await expect(places(page)).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  expect(await entriesOf(driver)).toMatchObject([{ status: 'Left' }])
})

test('the card of a full lot at home leads to its waitlist, on a phone too', async ({
  page,
  driver,
}) => {
  const lot = await makeLot({ capacity: 1 })
  await book(await register(), lot.id)
  const press = page.getByRole('button', { name: `Join the waitlist: ${lot.name}` })
  const sheet = page.getByRole('dialog', { name: `Park at ${lot.name}` })
  await page.goto('/')
  await press.press('Enter')
  await sheet
    .getByRole('region', { name: 'Waitlist' })
    .getByRole('button', { name: 'Join the waitlist (you would be 1st)' })
    .press('Enter')
  await expect(sheet.getByRole('link', { name: 'Show your place' })).toBeFocused()
  expect(await entriesOf(driver)).toMatchObject([{ status: 'Waiting', position: 1 }])

  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/')
  await expect(card(page, lot)).toContainText('You are next in the queue.')
  // Who waits there is told where they stand, and taken to that place.
  const link = page.getByRole('link', { name: `You are waiting here · 1st: ${lot.name}` })
  await expect(link).toBeVisible()
  await expect(press).toBeHidden()
  expect(await violations(page)).toEqual([])
  await link.click()
  await expect(page.getByRole('heading', { name: 'You are on the waitlist' })).toBeVisible()
})

test('places and offers are fit for everybody', async ({ page, driver }) => {
  test.setTimeout(MANY_SCREENS)
  const { lot } = await fullTomorrow()
  await joinOnPage(page, lot, '1st')
  await examine(page, 'a place on the page of the lot')
  const { entry } = await offeredTo(driver)
  await page.goto('/')
  await expect(places(page).getByRole('article')).toHaveCount(2)
  await examine(page, 'a place and an offer at home')
  await page.goto(`/waitlist/${entry.id}`)
  await expect(page.getByRole('button', { name: 'Accept spot 1' })).toBeVisible()
  await examine(page, 'the page of an offer')
})

test('nothing moves when the cards of the waitlist come with the rest of home', async ({
  page,
  driver,
}) => {
  const { lot } = await fullTomorrow()
  await wait(driver, lot)
  await page.goto('/')
  await expect(card(page, lot)).toBeVisible()
  await page.addInitScript(() => {
    const shifts: number[] = []
    Object.assign(window, { shifts })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        shifts.push((entry as never as { value: number }).value)
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await page.reload()
  await expect(card(page, lot)).toBeVisible()
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await standsStill(page)
  const shifts = await page.evaluate(() => (window as never as { shifts: number[] }).shifts)
  expect(shifts.reduce((sum, one) => sum + one, 0)).toBeLessThan(0.05)
})

test('the staff of a lot see who waits, and how many waited in the statistics', async ({
  page,
  context,
}) => {
  const { lot } = await fullTomorrow()
  const [waiting, viewer] = [await register(unique('wanda')), await register(unique('vera'))]
  await wait(waiting, lot)
  const path = `/api/lots/${lot.id}/staff/${viewer.id}`
  await call('PUT', path, { role: 'viewer' }, await asAdmin())
  await signIn(context, viewer)
  await page.goto(`/admin/lots/${lot.id}`)
  const list = page.getByRole('region', { name: 'Waitlist' })
  const row = list.getByRole('row').filter({ hasText: waiting.username })
  await expect(row).toContainText('Waiting')
  await expect(row).toContainText('1')
  await expect(list.getByText('1 person on the waitlist')).toBeVisible()
  expect(await violations(page)).toEqual([])
  await list.getByLabel('Show').selectOption({ label: 'Left' })
  await expect(list.getByText('No entries with this status')).toBeVisible()

  const today = new Date().toISOString().slice(0, 10) // the lot's day, which is not always the operator's
  await page.goto(`/admin/analytics?from=${today}&to=${today}&lot=${lot.id}`)
  const demand = page.getByRole('region', { name: 'Waitlists' })
  await expect(demand.getByText('Joined a waitlist', { exact: true })).toBeVisible()
  expect(await violations(page)).toEqual([])
})

test('an administrator sees the waitlist of a lot on a phone', async ({ page, context }) => {
  test.setTimeout(MANY_SCREENS)
  const { lot } = await fullTomorrow()
  await wait(await register(), lot)
  await signIn(context, ADMIN)
  await page.goto(`/admin/lots/${lot.id}`)
  await expect(page.getByRole('region', { name: 'Waitlist' }).getByRole('row')).toHaveCount(2)
  await examine(page, 'the waitlist of a lot')
})
