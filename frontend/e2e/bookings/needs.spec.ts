import {
  asAdmin,
  book,
  bookingsOf,
  call,
  makeLot,
  register,
  type LotDetails,
} from '../support/api.ts'
import { examine, MANY_SCREENS } from '../support/examine.ts'
import { expect, test } from '../support/test.ts'

const TARIFF = '€2.80/h · billed per 15 min · max €18/day · up to 15 min free'
const terms = {
  price_per_hour: 2.8,
  billing_step_seconds: 900,
  daily_cap: 18,
  free_minutes: 15,
}

/** A lot of eight: spots 1 and 2 are accessible, 3 and 4 have EV charging. */
async function equippedLot(): Promise<LotDetails> {
  const lot = await makeLot({ capacity: 8, address: 'Quay 9', ...terms })
  const equip = async (numbers: number[], more: object) =>
    call('PATCH', `/api/lots/${lot.id}/spots`, { numbers, ...more }, await asAdmin())
  await equip([1, 2], { accessible: true })
  await equip([3, 4], { ev: true })
  return lot
}

test('plain spots go first; who needs EV charging says so with one more click', async ({
  page,
  driver,
  hand,
}) => {
  const lot = await equippedLot()
  expect((await book(await register(), lot.id)).spot_number).toBe(5)
  await page.goto('/')
  await hand.click(page.getByRole('button', { name: `Book now at ${lot.name}` }))
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByText(TARIFF)).toBeVisible()
  await hand.click(sheet.getByRole('button', { name: 'EV charging' }))
  await expect(sheet.getByText('2 of 2 free')).toBeVisible()
  await hand.click(sheet.getByRole('button', { name: 'Book a spot now' }))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 3")
  expect(hand.clicks).toBe(3)
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('a refusal says how many such spots there are, and any other is one click away', async ({
  page,
  driver,
  watch,
}) => {
  watch.allow(/409/)
  const lot = await equippedLot()
  await page.goto(`/lots/${lot.id}`)
  const panel = page.getByRole('region', { name: `Park at ${lot.name}` })
  await panel.getByRole('button', { name: 'EV charging' }).click()
  await expect(panel.getByText('2 of 2 free')).toBeVisible()
  const other = await register()
  for (let spot = 0; spot < 2; spot++)
    await call(
      'POST',
      '/api/book',
      { lot_id: lot.id, booking_type: 'instant', needs: ['ev'] },
      other.token,
    )
  // Without a reload: the number follows the bookings of others.
  await expect(panel.getByText('0 of 2 free')).toBeVisible()
  await panel.getByRole('button', { name: 'See other options' }).click()
  await expect(panel.getByText('None of the 2 such spots is free.')).toBeVisible()
  await panel.getByRole('button', { name: 'Book any free spot' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 5")
  expect(await bookingsOf(driver)).toHaveLength(1)
})

test('the profile remembers needs: cards, map and sheet begin with them', async ({
  page,
  driver,
}) => {
  const lot = await equippedLot()
  await page.goto('/profile')
  const usual = page.getByRole('group', { name: 'Spots you usually need' })
  await usual.getByRole('button', { name: 'Accessible' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).first().click()
  await expect(page.getByText('Saved', { exact: true }).first()).toBeVisible()
  const me = await call<{ user: { needs: string[] } }>('GET', '/auth/me', undefined, driver.token)
  expect(me.user.needs).toEqual(['accessible'])
  await page.goto('/')
  const card = page.locator('article', { hasText: lot.name })
  await expect(card).toContainText('Accessible: 2 of 2 free')
  await page.goto(`/lots/${lot.id}`)
  const chips = page.getByRole('button', { name: 'Accessible', exact: true })
  await expect(chips).toHaveCount(2)
  for (const chip of await chips.all()) await expect(chip).toHaveAttribute('aria-pressed', 'true')
  await page.getByRole('button', { name: 'Book a spot now' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText("You're all set: spot 1")
})

test('the whole tariff stands in one line wherever a price stands', async ({
  page,
  driver,
  browser,
}) => {
  const lot = await equippedLot()
  const booking = await book(driver, lot.id)
  await page.goto('/')
  await expect(page.locator('article', { hasText: lot.name })).toContainText(TARIFF)
  await page.goto(`/lots/${lot.id}?later=1`)
  const panel = page.getByRole('region', { name: `Park at ${lot.name}` })
  await expect(panel).toContainText(TARIFF)
  await expect(panel).toContainText('Free to cancel until it starts.')
  await page.goto(`/bookings/${booking.id}`)
  await expect(page.locator('main')).toContainText(TARIFF)
  const stranger = await browser.newPage({ baseURL: process.env.E2E_URL, locale: 'de-DE' })
  await stranger.goto('/')
  await expect(stranger.locator('article', { hasText: lot.name })).toContainText(
    '2,80 €/Std. · je angefangene 15 Min. · max. 18 €/Tag · bis 15 Min. kostenlos',
  )
  await stranger.close()
})

test('the sheet, the map and the profile with needs are fit for everybody', async ({
  page,
  driver,
}) => {
  test.setTimeout(MANY_SCREENS)
  const lot = await equippedLot()
  await call('PATCH', '/auth/me', { needs: ['accessible'] }, driver.token)
  await page.goto(`/lots/${lot.id}`)
  await page.getByText('2 of 2 free').waitFor()
  await examine(page, 'lot with needs')
  await page.goto('/')
  await page.getByRole('button', { name: `Book now at ${lot.name}` }).click()
  await page.getByRole('dialog').getByText('2 of 2 free').waitFor()
  await examine(page, 'sheet with needs')
})
