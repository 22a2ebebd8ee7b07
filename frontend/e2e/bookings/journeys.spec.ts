import { readFileSync } from 'node:fs'
import type { Locator, Page } from '@playwright/test'
import { book, bookingsOf, call, makeLot, register, release, unique } from '../support/api.ts'
import { expect, test } from '../support/test.ts'

const spotNumber = (page: Page) => page.locator('.pw-summary-number')
/** Until it has stopped moving: sheets slide in. */
const stands = (target: Locator) =>
  target.evaluate(() =>
    Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null))),
  )

test('J1: from home to a booked spot in two clicks, without typing', async ({
  page,
  driver,
  hand,
}) => {
  const lot = await makeLot()
  await page.goto('/')
  await hand.click(page.getByRole('button', { name: `Book now at ${lot.name}` }))
  await hand.click(page.getByRole('button', { name: 'Book a spot now' }))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  await expect(spotNumber(page)).toHaveText('1')
  expect(hand.clicks).toBe(2)
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('J2: the last lot again in two clicks', async ({ page, driver, hand }) => {
  const lot = await makeLot()
  await release(driver, (await book(driver, lot.id)).id)
  await page.goto('/')
  await hand.click(page.getByRole('button', { name: 'Book again' }))
  await hand.click(page.getByRole('button', { name: 'Book a spot now' }))
  await expect(page.getByText('Guaranteed until')).toBeVisible()
  expect(hand.clicks).toBe(2)
})

test('J3: released in two clicks, with the amount shown before and after', async ({
  page,
  driver,
  hand,
}) => {
  const lot = await makeLot()
  const booking = await book(driver, lot.id)
  await page.goto('/')
  await hand.click(page.getByRole('button', { name: 'End parking', exact: true }))
  await expect(page.getByRole('dialog')).toContainText('So far')
  await hand.click(page.getByRole('dialog').getByRole('button', { name: 'End parking' }))
  await expect(
    page.getByText(`Parking on spot ${booking.spot_number} ended. Total €`).first(),
  ).toBeVisible()
  expect(hand.clicks).toBe(2)
  expect((await bookingsOf(driver))[0]?.status).toBe('Completed')
})

test('J4: a stranger registers with three fields and books in at most six presses', async ({
  page,
  hand,
}) => {
  const lot = await makeLot()
  const name = unique('newcomer')
  await page.goto('/')
  await hand.click(page.getByRole('link', { name: `Book now at ${lot.name}` }))
  await hand.click(page.getByLabel('Email'))
  await page.keyboard.type(`${name}@example.com`)
  await page.keyboard.press('Tab')
  await page.keyboard.type(name)
  await page.keyboard.press('Tab')
  await page.keyboard.type('a good long secret')
  hand.clicks += 2
  await hand.click(page.getByRole('button', { name: 'Register' }))
  await hand.click(page.getByRole('button', { name: 'Book a spot now' }))
  await expect(spotNumber(page)).toHaveText('1')
  expect(hand.clicks).toBeLessThanOrEqual(6)
})

test('J5: reserves tomorrow 9 to 17 in three clicks, the price shown before', async ({
  page,
  driver,
  hand,
}) => {
  const lot = await makeLot()
  await page.goto('/')
  await hand.click(page.getByRole('button', { name: `Reserve for later at ${lot.name}` }))
  await hand.click(page.getByRole('button', { name: 'Tomorrow 9–17' }))
  await hand.click(page.getByRole('button', { name: 'Reserve for €20.00' }))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  await expect(page.getByText('09:00 – ').first()).toBeVisible()
  expect(hand.clicks).toBe(3)
  expect((await bookingsOf(driver))[0]?.status).toBe('Reserved')
})

test('J5: a window of one’s own', async ({ page, driver }) => {
  const lot = await makeLot()
  const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)
  await page.goto(`/lots/${lot.id}?later=1`)
  await page.getByRole('button', { name: 'Other time' }).click()
  await page.getByLabel('From').fill(`${day}T10:00`)
  await page.getByLabel('Until').fill(`${day}T12:00`)
  await page.getByRole('button', { name: 'Reserve for €5.00' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  await expect(page.getByText('10:00 – ').first()).toBeVisible()
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('J6: thirty more minutes in two clicks', async ({ page, driver, hand }) => {
  const lot = await makeLot()
  await book(driver, lot.id)
  await page.goto('/')
  await hand.click(page.getByRole('button', { name: 'Extend' }))
  await hand.click(page.getByRole('button', { name: /30 min/ }))
  // In the evening the time carries its day: the guarantee ends after midnight.
  await expect(page.getByText(/^Guaranteed until .*\d\d:\d\d\.$/)).toBeVisible()
  expect(hand.clicks).toBe(2)
})

test('J7: when somebody was faster, one tap books the next spot', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/409|ERR_FAILED/)
  const lot = await makeLot({ capacity: 3 })
  const rival = await register()
  // Without the stream this page learns of its loss the hard way.
  await page.route('**/api/stream*', (route) => route.abort())
  await page.goto(`/lots/${lot.id}`)
  await page.getByRole('button', { name: 'Spot 2, available' }).click()
  const { spots } = await call<{ spots: { id: number; spot_number: number }[] }>(
    'GET',
    `/api/spots/${lot.id}`,
    undefined,
    rival.token,
  )
  const bookNow = page.getByRole('button', { name: 'Book a spot now' })
  await page.route('**/api/book', async (route) => {
    await book(rival, lot.id, spots.find((one) => one.spot_number === 2)?.id)
    await page.unroute('**/api/book')
    await route.continue()
  })
  await bookNow.click()
  await page.getByRole('button', { name: /^Take spot/ }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('J8: a receipt found and printed in three clicks', async ({ page, driver, hand }) => {
  const lot = await makeLot()
  const booking = await book(driver, lot.id)
  await release(driver, booking.id)
  await page.addInitScript(() => {
    window.print = () => document.body.setAttribute('data-printed', '')
  })
  await page.goto('/')
  const places = page.getByRole('navigation', { name: 'Main' })
  await hand.click(places.getByRole('link', { name: 'Bookings' }))
  await hand.click(page.getByRole('link', { name: /^Receipt of/ }))
  await expect(page.getByRole('row', { name: /^Total/ })).toContainText('€')
  await hand.click(page.getByRole('button', { name: 'Print or save' }))
  await expect(page.locator('body')).toHaveAttribute('data-printed')
  expect(hand.clicks).toBeLessThanOrEqual(3)
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByText(lot.name)).toBeVisible()
  for (const frame of ['header.pw-header', 'button'])
    await expect(page.locator(frame).filter({ visible: true })).toHaveCount(0)
})

test('J9: the history as a file in two clicks', async ({ page, driver, hand }) => {
  const lot = await makeLot()
  for (let stay = 0; stay < 3; stay++) await release(driver, (await book(driver, lot.id)).id)
  await page.goto('/bookings')
  await hand.click(page.getByRole('button', { name: 'Export CSV' }))
  await expect(page.getByText('Your file is ready: 3 rows')).toBeVisible()
  const saved = page.waitForEvent('download')
  await hand.click(page.getByRole('button', { name: 'Download' }))
  const rows = readFileSync(await (await saved).path(), 'utf8')
    .trim()
    .split('\r\n')
  expect(rows).toHaveLength(4)
  expect(rows.at(-1)).toContain(lot.name)
  expect(hand.clicks).toBe(2)
})

test('J14: by keyboard alone, from the sign-in page to a booked spot', async ({
  page,
  context,
}) => {
  const user = await register()
  const lot = await makeLot({ name: unique('AAA keyboard') })
  // The one lot this driver knows stands first.
  await release(user, (await book(user, lot.id)).id)
  await context.clearCookies()
  const MOST_KEYS = 13
  let keys = 0
  const press = async (key: string) => {
    keys++
    await page.keyboard.press(key)
  }
  const reach = async (name: string | RegExp, role: 'button' | 'textbox') => {
    const target = page.getByRole(role, { name }).first()
    await target.waitFor()
    for (let tries = 0; tries < MOST_KEYS; tries++) {
      if (await target.evaluate((element) => element === document.activeElement)) return
      await press('Tab')
    }
    throw new Error(`the keyboard does not reach ${String(name)}`)
  }
  await page.goto('/login')
  await reach('Email', 'textbox')
  await page.keyboard.type(user.email)
  await press('Tab')
  await page.keyboard.type(user.password)
  await press('Enter')
  // The page takes the focus to its heading: what stands in its header costs no key.
  await expect(page.getByRole('heading', { name: `Hello ${user.username}` })).toBeFocused()
  await reach('Book again', 'button')
  await press('Enter')
  await reach('Book a spot now', 'button')
  await press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  expect(keys).toBeLessThanOrEqual(MOST_KEYS)
})

test('J15: what a screen reader hears while booking and releasing', async ({ page, driver }) => {
  const lot = await makeLot()
  await release(driver, (await book(driver, lot.id)).id)
  /** From here with Tab to the button of that name; every stop on the way must have a name. */
  const reach = async (name: string | RegExp, within: Page | Locator = page) => {
    const target = within.getByRole('button', { name }).first()
    await target.waitFor()
    for (let stops = 0; stops < 40; stops++) {
      await page.keyboard.press('Tab')
      const stop = await page.locator(':focus').ariaSnapshot()
      expect(stop, 'a stop without a name').toMatch(/^- '?\w+ ["/].+/)
      if (await target.evaluate((element) => element === document.activeElement)) return
    }
    throw new Error(`the keyboard does not reach ${String(name)}`)
  }
  await page.goto('/')
  await reach('Book again')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toHaveAccessibleName(`Park at ${lot.name}`)
  await reach('Book a spot now')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await expect(page.locator('main')).toMatchAriaSnapshot(`
    - heading /You're all set/ [level=1]
    - text: /Spot/
    - button "End parking"
  `)
  await reach('End parking')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toHaveAccessibleName('End parking on spot 1?')
  await reach('End parking', page.getByRole('dialog'))
  await page.keyboard.press('Enter')
  const result = page.getByRole('heading', { name: /^Parking on spot 1 ended\. Total €\d/ })
  await expect(result).toBeFocused()
})

test('J16: what J1 to J3 press lies under one thumb', async ({ page, driver }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  const lot = await makeLot()
  await release(driver, (await book(driver, lot.id)).id)
  /** Presses it where it is: without scrolling, and in the lower 60 % of the screen. */
  const press = async (name: string | RegExp, within: Page | Locator = page) => {
    const target = within.getByRole('button', { name }).first()
    await expect(target).toBeInViewport({ ratio: 1 })
    await stands(target)
    const box = (await target.boundingBox())!
    expect(box.y + box.height / 2, `${String(name)} is under the thumb`).toBeGreaterThan(740 * 0.4)
    await target.click()
  }
  await page.goto('/')
  await press('Book again')
  await press('Book a spot now')
  await expect(page.getByText('Guaranteed until')).toBeVisible()
  await press(/^End parking$/)
  await press('End parking', page.getByRole('dialog'))
  await expect(page.getByText('Parking on spot 1 ended').first()).toBeVisible()
})

test('J17: a release without a network is kept and sent once', async ({
  page,
  driver,
  context,
  watch,
}) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/)
  const lot = await makeLot()
  const booking = await book(driver, lot.id)
  let sent = 0
  page.on('response', (answer) => {
    if (answer.url().includes(`/api/release/${booking.id}`)) sent++
  })
  await page.goto('/')
  await page.getByRole('button', { name: 'End parking', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End parking' }).waitFor()
  await context.setOffline(true)
  await page.getByRole('dialog').getByRole('button', { name: 'End parking' }).click()
  await expect(page.getByText('Waiting for a connection')).toBeVisible()
  expect((await bookingsOf(driver))[0]?.status).toBe('Active')
  await context.setOffline(false)
  await expect(page.getByText(/Back online: parking has ended/)).toBeVisible()
  expect((await bookingsOf(driver))[0]?.status).toBe('Completed')
  expect(sent).toBe(1)
})

test('five fast clicks book once', async ({ page, driver }) => {
  const lot = await makeLot()
  await page.goto(`/lots/${lot.id}`)
  const go = page.getByRole('button', { name: 'Book a spot now' })
  await go.waitFor()
  await go.evaluate((button: HTMLElement) => {
    for (let i = 0; i < 5; i++) button.click()
  })
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('an answer that got lost is asked for again with the same key, and books once', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/ERR_FAILED/)
  const lot = await makeLot()
  const keys: (string | undefined)[] = []
  await page.route('**/api/book', async (route) => {
    keys.push(route.request().headers()['idempotency-key'])
    if (keys.length > 1) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await page.goto(`/lots/${lot.id}`)
  await page.getByRole('button', { name: 'Book a spot now' }).click()
  await expect(page.getByText('We could not reach the server')).toBeVisible()
  await page.getByRole('button', { name: 'Book a spot now' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  expect(keys).toHaveLength(2)
  expect(keys[0]).toBe(keys[1])
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('a full lot offers where else, and one tap books there', async ({ page, driver, watch }) => {
  watch.allow(/409/)
  const near = await makeLot({ latitude: 10.0001, longitude: 10 })
  const full = await makeLot({ capacity: 1, latitude: 10, longitude: 10 })
  await book(await register(), full.id)
  await page.goto(`/lots/${full.id}`)
  await page.getByRole('button', { name: 'See other options' }).click()
  await page.getByRole('button', { name: `Book at ${near.name}` }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^You're all set: spot \d+$/)
  expect((await bookingsOf(driver))[0]?.lot_id).toBe(near.id)
})

test('a reservation is cancelled, and its lot is free again', async ({ page, driver }) => {
  const lot = await makeLot()
  await page.goto(`/lots/${lot.id}?later=1`)
  await page.getByRole('button', { name: 'Tomorrow 8–12' }).click()
  await page.getByRole('button', { name: 'Reserve for €10.00' }).click()
  await page.getByRole('button', { name: 'Cancel booking' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel booking' }).click()
  await expect(page.getByText('Booking cancelled.')).toBeVisible()
  expect((await bookingsOf(driver))[0]?.status).toBe('Cancelled')
})
