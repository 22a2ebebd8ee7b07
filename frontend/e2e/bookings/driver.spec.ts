import type { Page } from '@playwright/test'
import { book, bookingsOf, call, makeLot, register, release, reserve } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { expect, signIn, test } from '../support/test.ts'

// The driver's page as a person in a hurry uses it.

const PHONE = { width: 390, height: 844 }
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

test.describe('a spot chosen on a phone', () => {
  test.use({ viewport: PHONE })

  test('is booked by the bar that appears with it', async ({ page, driver, hand }) => {
    const lot = await makeLot({ capacity: 40 })
    await page.goto(`/lots/${lot.id}`)
    await hand.click(page.getByRole('button', { name: 'Spot 17, available' }))
    const bar = page.getByRole('group', { name: 'Booking for spot 17' })
    await expect(bar).toContainText('Spot 17 · €2.50/h')
    const button = bar.getByRole('button', { name: 'Book' })
    await expect(button).toBeInViewport({ ratio: 1 })
    // At the end of the page: in its midst the header that stays may cover a part of any button.
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
    expect(await violations(page)).toEqual([])
    await hand.click(button)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 17")
    expect(hand.clicks).toBe(2)
    expect((await bookingsOf(driver))[0]?.spot_number).toBe(17)
  })

  test('is reserved by the same bar, which leads to the times first', async ({ page, driver }) => {
    const lot = await makeLot({ capacity: 40 })
    await page.goto(`/lots/${lot.id}?later=1`)
    await page.getByText('No preference?').waitFor()
    await page.getByRole('button', { name: 'Spot 17, available' }).click()
    const bar = page.getByRole('group', { name: 'Booking for spot 17' })
    await bar.getByRole('button', { name: 'Choose a time' }).click()
    const preset = page.getByRole('button', { name: 'Tomorrow 9–17' })
    await expect(preset).toBeInViewport()
    await preset.click()
    await expect(bar).toContainText('Spot 17 · €20.00')
    await bar.getByRole('button', { name: 'Reserve' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 17")
    expect((await bookingsOf(driver))[0]?.spot_number).toBe(17)
  })
})

test('one Tab leads from a chosen spot to the button that books it', async ({ page, driver }) => {
  const lot = await makeLot({ capacity: 40 })
  await page.goto(`/lots/${lot.id}`)
  const spot = page.getByRole('button', { name: 'Spot 1, available' })
  await spot.focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Book', exact: true })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 1")
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test.describe('a second stay', () => {
  const statuses = async (user: Parameters<typeof bookingsOf>[0]) =>
    (await bookingsOf(user)).map(({ status }) => status)

  async function ask(page: Page, lot: { name: string }) {
    await page.goto('/')
    await page.getByRole('button', { name: `Book now at ${lot.name}` }).click()
    await page.getByRole('button', { name: 'Book a spot now' }).click()
    return page.getByRole('group', { name: 'You are already parked' })
  }

  test('is asked about, and takes the place of the first', async ({ page, driver }) => {
    const [first, second] = [await makeLot(), await makeLot()]
    await book(driver, first.id)
    const question = await ask(page, second)
    await expect(question).toBeFocused()
    await expect(question).toContainText(
      new RegExp(`You are parked at ${first.name}, spot 1, since .*\\d\\d:\\d\\d`),
    )
    expect(await violations(page)).toEqual([])
    expect(await statuses(driver)).toEqual(['Active'])
    await question.getByRole('button', { name: 'End it and park here' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 1")
    await expect(page.getByText(`Parking at ${first.name} ended. Total €`).first()).toBeVisible()
    expect(await statuses(driver)).toEqual(['Active', 'Completed'])
  })

  test('runs beside the first where both are wanted', async ({ page, driver }) => {
    const [first, second] = [await makeLot(), await makeLot()]
    await book(driver, first.id)
    const question = await ask(page, second)
    await question.getByRole('button', { name: 'Keep both' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 1")
    expect(await statuses(driver)).toEqual(['Active', 'Active'])
  })
})

test('the lot of the last time is that of a real stay', async ({ page, driver }) => {
  const [used, cancelled, coming] = [await makeLot(), await makeLot(), await makeLot()]
  await release(driver, (await book(driver, used.id)).id)
  const day = inDays(2)
  const { id } = await reserve(driver, cancelled.id, `${day}T10:00:00`, `${day}T12:00:00`)
  await call('POST', `/api/bookings/${id}/cancel`, {}, driver.token)
  await reserve(driver, coming.id, `${day}T10:00:00`, `${day}T12:00:00`)
  await page.goto('/')
  await expect(page.getByRole('region', { name: 'Book again' })).toContainText(used.name)
  // "Last used first": the used one stands before the two that never were.
  const names = await page.locator('.pw-lot h3').allInnerTexts()
  const at = (lot: { name: string }) => names.indexOf(lot.name)
  expect(at(used)).toBe(0)
})

test('nobody who never parked is told where they parked last', async ({ page, context }) => {
  const user = await register()
  await signIn(context, user)
  const day = inDays(2)
  const lot = await makeLot()
  const { id } = await reserve(user, lot.id, `${day}T10:00:00`, `${day}T12:00:00`)
  await call('POST', `/api/bookings/${id}/cancel`, {}, user.token)
  await page.goto('/')
  await page.getByRole('button', { name: `Book now at ${lot.name}` }).waitFor()
  await expect(page.getByText('Last time you parked at')).toHaveCount(0)
})

test('a booking says when it is: a window, and for a stay that runs since when', async ({
  page,
  driver,
}) => {
  const lot = await makeLot()
  const day = inDays(2)
  const window = `${day}T10:00:00`
  const { id } = await reserve(driver, lot.id, window, `${day}T12:00:00`)
  await page.goto(`/bookings/${id}`)
  const card = page.locator('.pw-summary')
  await expect(card).toContainText('Total')
  await expect(card).toContainText('€5.00')
  await call('POST', `/api/bookings/${id}/cancel`, {}, driver.token)
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Cancelled booking')
  const details = page.locator('.pw-details')
  await expect(details).toContainText(/From.*10:00/)
  await expect(details).toContainText(/Until.*12:00/)
  await book(driver, lot.id)
  await page.goto('/bookings')
  await expect(page.getByText(/^since .*\d\d:\d\d/).first()).toBeVisible()
})

test('the focus goes to the result: after signing in, and after the end of parking', async ({
  page,
}) => {
  const user = await register()
  const lot = await makeLot()
  await book(user, lot.id)
  await page.goto('/login')
  await page.getByLabel('Email').fill(user.email)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: `Hello ${user.username}` })).toBeFocused()
  await page.getByRole('button', { name: 'End parking' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End parking' }).click()
  const result = page.getByRole('heading', { level: 1, name: /^Parking on spot 1 ended\. Total €/ })
  await expect(result).toBeFocused()
  // The receipt is one press away, and nothing lies over it.
  await page.getByRole('link', { name: 'Receipt' }).click()
  await expect(page.getByRole('heading', { name: 'Receipt' })).toBeFocused()
})

test('on the page of the booking itself the focus goes to the result, too', async ({
  page,
  driver,
}) => {
  const { id } = await book(driver, (await makeLot()).id)
  await page.goto(`/bookings/${id}`)
  await page.getByRole('button', { name: 'End parking' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End parking' }).click()
  await expect(page.getByRole('heading', { name: /^Parking on spot 1 ended/ })).toBeFocused()
})

for (const status of [500, 503])
  test(`a server that answers ${status} is not called "no connection"`, async ({
    page,
    driver,
    watch,
  }) => {
    watch.allow(/50[03]/)
    const { spot_number } = await book(driver, (await makeLot()).id)
    await page.goto('/')
    await expect(page.locator('.pw-summary-number')).toHaveText(String(spot_number))
    await page.route('**/auth/refresh', (route) =>
      route.fulfill({ status, json: { status, code: 'internal', request_id: 'abc-123' } }),
    )
    await page.goto('/bookings')
    await expect(page.getByRole('heading', { name: 'This could not be loaded' })).toBeVisible()
    await expect(page.getByText('No connection')).toHaveCount(0)
    await expect(page.getByText('abc-123')).toBeVisible()
    await expect(page.locator('.pw-summary-number')).toHaveText(String(spot_number))
    expect(await violations(page)).toEqual([])
    // It asks again by itself, and the page that was asked for comes.
    await page.unroute('**/auth/refresh')
    await expect(page.getByRole('heading', { name: 'Your bookings' })).toBeVisible()
  })

test.describe('without a network', () => {
  test.use({ serviceWorkers: 'allow', viewport: PHONE })

  test('the running card stays, tabs and pages too, and parking can be ended', async ({
    page,
    context,
    driver,
    watch,
  }) => {
    watch.allow(/ERR_INTERNET_DISCONNECTED|Failed to load resource|preload/)
    const { id, spot_number } = await book(driver, (await makeLot()).id)
    const cached = (name: string) =>
      page.evaluate(async (part) => {
        const keys = await (await caches.open('pw-page')).keys()
        return keys.some(({ url }) => url.includes(part))
      }, name)
    await page.goto('/')
    await page.locator('.pw-summary-number').waitFor()
    for (const name of ['OfflinePage', 'BookingPage', 'HistoryPage', 'LotPage', 'BookingDialogs'])
      await expect.poll(() => cached(name), name).toBe(true)
    // What these need comes with them: until nothing more does.
    let before = 0
    const files = () =>
      page.evaluate(async () => (await (await caches.open('pw-page')).keys()).length)
    await expect
      .poll(async () => before === (before = await files()), { intervals: [2000] })
      .toBe(true)

    // Without a reload: from Home to the booking and back.
    await context.setOffline(true)
    await page.getByRole('link', { name: 'Bookings' }).click()
    await expect(page.getByRole('heading', { name: 'Your bookings' })).toBeVisible()
    await page.getByRole('link', { name: 'Park', exact: true }).click()
    await expect(page.locator('.pw-summary-number')).toHaveText(String(spot_number))

    // And with one.
    await page.goto(`/bookings/${id}`)
    await expect(page.getByRole('heading', { name: 'No connection' })).toBeVisible()
    await expect(page.getByRole('navigation', { name: 'Sections' })).toBeVisible()
    await page.getByRole('link', { name: 'Park', exact: true }).click()
    await expect(page.locator('.pw-summary-number')).toHaveText(String(spot_number))
    await page.getByRole('button', { name: 'End parking' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End parking' }).click()
    await expect(page.getByText('Waiting for a connection')).toBeVisible()
    expect(await violations(page)).toEqual([])
    await context.setOffline(false)
    await expect(page.getByText(/Back online: parking has ended/)).toBeVisible()
    expect((await bookingsOf(driver))[0]?.status).toBe('Completed')
  })
})

test('a message lies over nothing that is pressed next', async ({ page, driver }) => {
  const lot = await makeLot()
  await book(driver, lot.id)
  for (const size of [PHONE, { width: 320, height: 700 }, { width: 1280, height: 900 }]) {
    await page.setViewportSize(size)
    await page.goto('/')
    await page.getByRole('button', { name: 'Extend' }).click()
    await page.getByRole('button', { name: /30 min/ }).click()
    const message = page.locator('.toast')
    await expect(message).toBeVisible()
    await expect(page.getByRole('dialog')).toBeHidden()
    const covered = await message.evaluate((toast) => {
      const over = toast.getBoundingClientRect()
      const hits = (box: DOMRect) =>
        box.left < over.right &&
        box.right > over.left &&
        box.top < over.bottom &&
        box.bottom > over.top
      return [...document.querySelectorAll('main button, main a.btn, nav a')]
        .filter((one) => one.checkVisibility() && hits(one.getBoundingClientRect()))
        .map((one) => one.textContent?.trim())
    })
    expect(covered, `at ${size.width} px`).toEqual([])
  }
})

test('signing out has a name, and takes two presses', async ({ page, driver, hand }) => {
  await page.goto('/')
  await hand.click(page.getByRole('button', { name: driver.username }))
  await hand.click(page.getByRole('button', { name: 'Sign out' }))
  await expect(page.getByRole('link', { name: 'Sign in' }).first()).toBeVisible()
  expect(hand.clicks).toBe(2)
})

test('on a phone one signs out in the profile, and from no other screen', async ({
  page,
  driver,
}) => {
  await page.setViewportSize(PHONE)
  await page.goto('/')
  await page.getByRole('heading', { name: `Hello ${driver.username}` }).waitFor()
  const out = page.getByRole('button', { name: 'Sign out', exact: true })
  await expect(out.filter({ visible: true })).toHaveCount(0)
  await page.getByRole('link', { name: 'Profile' }).click()
  await out.first().click()
  await expect(page.getByRole('link', { name: 'Sign in' }).first()).toBeVisible()
})

test('six stays fit on a phone, the month and the filters are folded', async ({ page, driver }) => {
  const lots = [await makeLot(), await makeLot()]
  for (let stay = 0; stay < 8; stay++)
    await release(driver, (await book(driver, lots[stay % 2]!.id)).id)
  await page.setViewportSize(PHONE)
  await page.goto('/bookings')
  const rows = page.locator('tbody tr')
  await expect(rows).toHaveCount(8)
  await expect(rows.nth(5)).toBeInViewport({ ratio: 1 })
  const tabs = await page.getByRole('navigation', { name: 'Sections' }).boundingBox()
  const sixth = (await rows.nth(5).boundingBox())!
  expect(sixth.y + sixth.height).toBeLessThanOrEqual(tabs!.y)
  await expect(rows.first()).toContainText(lots[1]!.name)
  await expect(rows.first()).toContainText('Completed')
  await expect(rows.first()).toContainText('€')
  await page.locator('summary', { hasText: 'Your month' }).click()
  await expect(page.getByText('Spent')).toBeVisible()
  await page.locator('summary', { hasText: 'Filters' }).click()
  await expect(page.getByLabel('Status')).toBeVisible()
  expect(await violations(page)).toEqual([])
  // The whole row leads to the booking, where the receipt is.
  await rows.first().click()
  await expect(page.getByRole('link', { name: 'Receipt' })).toBeVisible()
})

test('the stay that runs goes along to other pages', async ({ page, driver }) => {
  const lot = await makeLot({ capacity: 40 })
  const { id } = await book(driver, lot.id)
  for (const size of [PHONE, { width: 1280, height: 900 }]) {
    await page.setViewportSize(size)
    await page.goto('/profile')
    const bar = page.getByRole('complementary', { name: 'You are parked' })
    await expect(bar).toContainText('Spot 1')
    await expect(bar).toContainText('€')
    expect(await violations(page)).toEqual([])
    // It does not lie over the bar that books a spot.
    await page.goto(`/lots/${lot.id}`)
    await page.getByRole('button', { name: 'Spot 7, available' }).click()
    if (size === PHONE)
      await expect(page.getByRole('button', { name: 'Book', exact: true })).toBeInViewport()
    await bar.getByRole('link').click()
    await expect(page).toHaveURL(new RegExp(`/bookings/${id}$`))
    await expect(bar).toHaveCount(0)
  }
})
