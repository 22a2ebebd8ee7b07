import type { Page } from '@playwright/test'
import { bookingsOf, makeLot, register, reserve } from '../support/api.ts'
import { examine, MANY_SCREENS, violations } from '../support/examine.ts'
import { expect, test } from '../support/test.ts'

const DAY_MS = 86_400_000
/** A date to come and a time of it, as the fields of the page take it. */
const day = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
const at = (days: number, time: string) => `${day(days)}T${time}`

async function openRepeat(page: Page, lot: { id: number; name: string }) {
  await page.goto(`/lots/${lot.id}`)
  const panel = page.getByRole('region', { name: `Park at ${lot.name}` })
  await panel.getByRole('button', { name: 'Reserve for later' }).click()
  await panel.getByRole('button', { name: 'Other time' }).click()
  await panel.getByLabel('From').fill(at(7, '08:00'))
  await panel.getByLabel('Until', { exact: true }).fill(at(7, '17:30'))
  await panel.getByLabel('Repeat this booking').check()
  return panel
}

test('a driver repeats a booking by keyboard, sees each date and gives up the last ones', async ({
  page,
  driver,
}) => {
  const lot = await makeLot({ capacity: 1, timezone: 'UTC' })
  const other = await register()
  await reserve(other, lot.id, at(14, '09:00'), at(14, '10:00'))
  const panel = await openRepeat(page, lot)
  await panel.getByLabel('Ends').selectOption('count')
  await panel.getByLabel('Number of dates').fill('4')
  await page.keyboard.press('Enter')
  await expect(panel.getByRole('heading', { name: '3 of 4 dates are available' })).toBeFocused()
  const dates = panel.getByRole('checkbox')
  await expect(panel.getByText('No spot is free')).toBeVisible()
  await expect(dates.nth(2)).toBeDisabled()
  await panel.getByRole('button', { name: 'Book 3 dates' }).press('Enter')
  await expect(page).toHaveURL(/\/series\/\d+$/)
  await expect(page.getByRole('heading', { name: `at ${lot.name}`, level: 1 })).toBeVisible()
  await expect(page.getByText('3 dates booked.').first()).toBeVisible()
  const rows = page.getByRole('row').filter({ hasText: 'Reserved' })
  await expect(rows).toHaveCount(3)
  const booked = await bookingsOf(driver)
  expect(new Set(booked.map((one) => one.series_id)).size).toBe(1)
  await rows
    .nth(1)
    .getByRole('button', { name: /following dates/ })
    .press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Cancel this and the following dates?' })
  await expect(dialog).toContainText('2 bookings')
  await dialog.getByRole('button', { name: 'Cancel 2 bookings' }).press('Enter')
  await expect(page.getByText('2 bookings cancelled.').first()).toBeVisible()
  await expect(rows).toHaveCount(1)
})

test('the list keeps a series together, and home shows its next date alone', async ({
  page,
  driver,
}) => {
  const lot = await makeLot({ capacity: 2, timezone: 'UTC' })
  const panel = await openRepeat(page, lot)
  await panel.getByRole('button', { name: 'Check the dates' }).click()
  await panel.getByLabel('put me on the waitlist').check()
  await panel.getByRole('button', { name: /^Book \d+ dates$/ }).click()
  await expect(page).toHaveURL(/\/series\/\d+$/)
  const number = (await bookingsOf(driver)).length
  expect(number).toBeGreaterThan(4)
  await expect(page.getByText(/are booked later, .* you join the waitlist/)).toBeVisible()
  await page.goto('/bookings')
  await expect(page.getByRole('link', { name: /All dates of the repeating booking/ })).toHaveCount(
    number,
  )
  await page.goto('/')
  const cards = page.getByRole('region', { name: 'Your active and upcoming bookings' })
  await expect(cards.getByRole('link', { name: 'All dates' })).toHaveCount(1)
  await cards.getByRole('link', { name: 'All dates' }).click()
  await expect(page).toHaveURL(/\/series\/\d+$/)
})

test('dates that were cancelled take one line of the list, which opens by keyboard', async ({
  page,
  driver,
}) => {
  const lot = await makeLot({ capacity: 1, timezone: 'UTC' })
  const panel = await openRepeat(page, lot)
  await panel.getByLabel('Ends').selectOption('count')
  await panel.getByLabel('Number of dates').fill('3')
  await page.keyboard.press('Enter')
  await panel.getByRole('button', { name: 'Book 3 dates' }).press('Enter')
  await expect(page).toHaveURL(/\/series\/\d+$/)
  await page.getByRole('button', { name: 'Cancel all upcoming dates' }).press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Cancel 3 bookings' }).press('Enter')
  await expect(dialog).toHaveCount(0)
  expect((await bookingsOf(driver)).map(({ status }) => status)).toEqual(Array(3).fill('Cancelled'))

  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 })
    await page.goto('/bookings')
    const fold = page.getByRole('button', {
      name: '3 dates of this repeating booking cancelled',
    })
    await expect(fold).toHaveAttribute('aria-expanded', 'false')
    await expect(page.locator('tbody tr')).toHaveCount(1)
    await fold.press('Enter')
    await expect(fold).toHaveAttribute('aria-expanded', 'true')
    await expect(page.locator('tbody tr')).toHaveCount(4)
    expect(await violations(page)).toEqual([])
  }
})

test('a reservation ends earlier and costs less, on a phone', async ({ page, driver }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  const lot = await makeLot({ capacity: 1, timezone: 'UTC', price_per_hour: 2 })
  const booking = await reserve(driver, lot.id, at(2, '08:00'), at(2, '12:00'))
  await page.goto(`/bookings/${booking.id}`)
  await page.getByRole('button', { name: 'End earlier' }).click()
  const dialog = page.getByRole('dialog', { name: 'End earlier' })
  await expect(dialog).toContainText('for €8.00')
  await dialog.getByRole('button', { name: /earlier.*€4\.00/ }).click()
  await dialog.getByRole('button', { name: /^End at .*€4\.00$/ }).click()
  await expect(page.getByText(/It costs €4\.00/).first()).toBeVisible()
  await expect(page.getByText('€4.00', { exact: true }).first()).toBeVisible()
})

test('“I’m away” shows what it cancels, and cancels it', async ({ page, driver }) => {
  const lot = await makeLot({ capacity: 3, timezone: 'UTC' })
  for (const days of [3, 4, 9]) await reserve(driver, lot.id, at(days, '08:00'), at(days, '10:00'))
  await page.goto('/bookings')
  await page.getByRole('button', { name: "I'm away" }).click()
  const dialog = page.getByRole('dialog', { name: "I'm away" })
  await dialog.getByLabel('First day').fill(day(2))
  await dialog.getByLabel('Last day').fill(day(5))
  await dialog.getByRole('button', { name: 'Show reservations' }).click()
  await expect(dialog.getByText('2 reservations would be cancelled:')).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancel 2 reservations' }).click()
  await expect(page.getByText('2 reservations cancelled.').first()).toBeVisible()
  const left = await bookingsOf(driver)
  expect(left.map((one) => one.status).sort()).toEqual(['Cancelled', 'Cancelled', 'Reserved'])
})

test('nobody finds a barrier in the forms of a series', async ({ page, driver }) => {
  test.setTimeout(MANY_SCREENS)
  const lot = await makeLot({ capacity: 1, timezone: 'UTC' })
  const panel = await openRepeat(page, lot)
  await panel.getByRole('button', { name: 'Check the dates' }).click()
  await expect(panel.getByRole('heading', { name: /dates are available/ })).toBeVisible()
  await examine(page, 'the dates of a series')
  const booking = await reserve(driver, lot.id, at(2, '08:00'), at(2, '12:00'))
  await page.goto(`/bookings/${booking.id}`)
  await page.getByRole('button', { name: 'End earlier' }).click()
  await examine(page, 'ending earlier')
  await page.goto('/bookings')
  await page.getByRole('button', { name: "I'm away" }).click()
  await examine(page, 'being away')
})
