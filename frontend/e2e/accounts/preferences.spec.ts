import { call, makeLot, reserve } from '../support/api.ts'
import { violations } from '../support/examine.ts'
import { expect, test } from '../support/test.ts'

// What a driver sets for themselves: language, appearance, and a notification before the end.

test('language and appearance take effect at once, and what is said is in the new language', async ({
  page,
  driver,
}) => {
  await page.goto('/profile')
  await page.getByLabel('Appearance', { exact: true }).selectOption('dark')
  await expect(page.locator('html')).toHaveAttribute('data-bs-theme', 'dark')
  await expect(page.getByText('Saved').first()).toBeVisible()
  await page.getByLabel('Language', { exact: true }).selectOption('de')
  await expect(page.getByText('Gespeichert').first()).toBeVisible()
  await expect(page.getByText('Saved')).toHaveCount(0)
  const me = await call<{ user: { theme: string; locale: string } }>(
    'GET',
    '/auth/me',
    undefined,
    driver.token,
  )
  expect([me.user.theme, me.user.locale]).toEqual(['dark', 'de'])
})

test('who wishes is notified before the reserved time ends, whatever page is open', async ({
  page,
  driver,
  context,
}) => {
  const lot = await makeLot()
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  const { id } = await reserve(driver, lot.id, inMinutes(60), inMinutes(120))
  await context.grantPermissions(['notifications'])
  await page.addInitScript(() => {
    const notifications: unknown[] = ((
      window as never as { notifications: unknown[] }
    ).notifications = [])
    window.Notification = class extends Notification {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options)
        notifications.push([title, options?.body])
      }
    }
  })
  await page.clock.install()
  await page.goto(`/bookings/${id}`)
  const button = page.getByRole('button', { name: 'Notify me before it ends' })
  await button.click()
  await expect(button).toHaveAttribute('aria-pressed', 'true')
  await expect(page.getByText("We'll notify you 10 minutes before the end")).toBeVisible()
  expect(await violations(page)).toEqual([])
  // The choice outlives the page, and a page without the button reminds too.
  await page.goto('/')
  await page.getByText(lot.name).first().waitFor()
  await page.clock.fastForward('01:51:00')
  await expect
    .poll(() =>
      page.evaluate(() => (window as never as { notifications: unknown[] }).notifications),
    )
    .toEqual([
      [
        expect.stringMatching(/^Your reserved time ends in \d+ minutes?$/),
        `Spot 1 at ${lot.name}. Extend it or end parking.`,
      ],
    ])
})
