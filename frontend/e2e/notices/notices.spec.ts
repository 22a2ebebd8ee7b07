import type { BrowserContext, Page } from '@playwright/test'
import { asAdmin, book, call, makeLot, register, type User } from '../support/api.ts'
import { problem } from '../support/answers.ts'
import { examine } from '../support/examine.ts'
import { expect, signIn, signOut, test } from '../support/test.ts'

// What happened to a booking without its driver stays on the page until they dismiss it.

const bell = (page: Page) =>
  page.getByRole('button', { name: /^(Notices|No notices|\d+ notices?)$/ })
const panel = (page: Page) => page.getByRole('dialog', { name: 'Notices' })
const live = (page: Page) => page.locator('body > #app > [role=status], [aria-live=polite]')

/** The operator ends a stay of this driver, who looks elsewhere. */
async function endedByOperator(driver: User): Promise<{ id: number; lot: string }> {
  const lot = await makeLot({ capacity: 3 })
  const { id } = await book(driver, lot.id)
  const reason = { reason: 'The bay is needed for an inspection.' }
  await call('POST', `/api/admin/bookings/${id}/release`, reason, await asAdmin())
  return { id, lot: lot.name }
}

async function signedInAgain(context: BrowserContext, page: Page, driver: User): Promise<void> {
  await signOut(page)
  await expect(page.getByRole('link', { name: 'Sign in' }).first()).toBeVisible()
  await signIn(context, driver)
  await page.goto('/')
}

test('a driver who was away learns that the operator ended their stay', async ({
  context,
  page,
}) => {
  const driver = await register()
  const ended = await endedByOperator(driver)
  await signIn(context, driver)
  await page.goto('/')
  await expect(bell(page)).toHaveAccessibleName('1 notice')

  // By keyboard alone: the panel opens, and gives the focus back when it closes.
  await bell(page).focus()
  await page.keyboard.press('Enter')
  const notice = panel(page).getByRole('listitem')
  await expect(notice).toContainText('The operator ended your booking')
  await expect(notice).toContainText(`Spot 1 · ${ended.lot}`)
  await expect(notice).toContainText('The bay is needed for an inspection.')
  await page.keyboard.press('Escape')
  await expect(panel(page)).toBeHidden()
  await expect(bell(page)).toBeFocused()

  await page.reload()
  await expect(bell(page)).toHaveAccessibleName('1 notice')
  await signedInAgain(context, page, driver)
  await expect(bell(page)).toHaveAccessibleName('1 notice')

  await bell(page).click()
  await notice.getByRole('link', { name: /Open booking/ }).click()
  await expect(page).toHaveURL(new RegExp(`/bookings/${ended.id}$`))
  await expect(panel(page)).toBeHidden()
})

test('a notice comes by itself, is announced, and is dismissed in every tab', async ({
  context,
  page,
  driver,
}) => {
  await page.goto('/')
  const tab = await context.newPage()
  await tab.goto('/profile')
  await expect(bell(page)).toHaveAccessibleName('No notices')
  await expect(bell(tab)).toHaveAccessibleName('No notices')
  await page.bringToFront()

  await endedByOperator(driver)
  await expect(bell(page)).toHaveAccessibleName('1 notice')
  await expect(live(page).getByText(/The operator ended your booking/)).toBeAttached()
  await expect(bell(tab)).toHaveAccessibleName('1 notice')

  await bell(page).click()
  await panel(page)
    .getByRole('button', { name: /^Dismiss: The operator ended your booking/ })
    .press('Enter')
  await expect(panel(page)).toContainText('No notices')
  await expect(bell(tab)).toHaveAccessibleName('No notices')
  await page.reload()
  await expect(bell(page)).toHaveAccessibleName('No notices')
})

test('a notice that cannot be dismissed now says why and stays', async ({
  context,
  page,
  driver,
  watch,
}) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|503/)
  await endedByOperator(driver)
  await page.goto('/')
  await bell(page).click()
  const dismiss = panel(page).getByRole('button', { name: /^Dismiss/ })
  await expect(dismiss).toBeVisible()
  await context.setOffline(true)
  await dismiss.click()
  await expect(panel(page).getByRole('alert')).toContainText('Check your connection')
  await context.setOffline(false)
  await page.route('**/dismiss', problem(503, 'unavailable', { detail: 'busy' }))
  await dismiss.click()
  await expect(panel(page).getByRole('alert')).toContainText('The service is busy')
  await expect(panel(page).getByRole('listitem')).toHaveCount(1)
})

test('bell and panel, full and empty, are fit for everybody', async ({ page, driver }) => {
  await page.goto('/')
  await bell(page).click()
  await expect(panel(page)).toContainText('No notices')
  await examine(page, 'the panel without notices')
  await page.keyboard.press('Escape')
  await endedByOperator(driver)
  await expect(bell(page)).toHaveAccessibleName('1 notice')
  await examine(page, 'the bell with a notice')
  await bell(page).click()
  await expect(panel(page).getByRole('listitem')).toHaveCount(1)
  await examine(page, 'the panel with a notice')
})
