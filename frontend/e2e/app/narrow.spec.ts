import { call } from '../support/api.ts'
import { MANY_SCREENS } from '../support/examine.ts'
import { opens, press, settle, walk, type Setting } from '../support/narrow.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

// Every screen in a window of 320 px and with letters of twice the size (WCAG 1.4.4, 1.4.10): nothing goes
// sideways, and no word of a button or label is cut off.

test.use({ trace: 'off' })

let setting: Setting
test.beforeAll(async () => {
  setting = await settle()
})

test('screens for everybody', async ({ page }) => {
  test.setTimeout(MANY_SCREENS)
  await walk(page, [
    { name: 'landing', path: '/', ready: /free of/ },
    { name: 'sign in', path: '/login', ready: 'Sign in' },
    { name: 'register', path: '/register', ready: 'Register' },
    { name: 'forgotten password', path: '/forgot-password', ready: /password/i },
    { name: 'glossary', path: '/glossary', ready: 'Guaranteed until' },
    { name: 'lot, signed out', path: `/lots/${setting.lot}`, ready: setting.name },
  ])
})

for (const language of ['en', 'de'])
  test(`screens of a driver, ${language}`, async ({ page, context }) => {
    test.setTimeout(MANY_SCREENS)
    const { driver, lot, running, coming, done } = setting
    await call('PATCH', '/auth/me', { locale: language }, driver.token)
    await signIn(context, driver)
    const words = (english: string | RegExp, german: string | RegExp) =>
      language === 'en' ? english : german
    await walk(page, [
      { name: 'home, parked', path: '/', ready: words('Guaranteed until', 'Garantiert bis') },
      {
        name: 'home, notices',
        path: '/',
        ready: words('Guaranteed until', 'Garantiert bis'),
        then: async (at) => {
          await at.locator('.pw-header-bell button').click()
          await at.getByRole('dialog').getByRole('listitem').first().waitFor()
        },
      },
      {
        name: 'home, booking sheet with needs',
        path: '/',
        ready: words('Guaranteed until', 'Garantiert bis'),
        then: async (at) => {
          await at
            .getByRole('button', { name: words(/^Book now at AAA/, /AAA.*buchen|buchen.*AAA/) })
            .first()
            .click()
          await at.getByRole('dialog').waitFor()
        },
      },
      {
        name: 'lot, spot chosen, sticky bar and mini bar',
        path: `/lots/${lot}`,
        ready: words('No preference?', /Keine Vorliebe|Egal/),
        then: (at) => at.locator('[data-spot="8"]').click(),
      },
      {
        name: 'lot as a list',
        path: `/lots/${lot}`,
        ready: words('No preference?', /Keine Vorliebe|Egal/),
        then: press(words('List', 'Liste')),
      },
      {
        name: 'running',
        path: `/bookings/${running}`,
        ready: words('Guaranteed until', 'Garantiert bis'),
      },
      {
        name: 'end parking',
        path: `/bookings/${running}`,
        ready: words('Guaranteed until', 'Garantiert bis'),
        then: opens(words('End parking', 'Parken beenden')),
      },
      { name: 'coming', path: `/bookings/${coming}`, ready: words('Starts in', /Beginnt in/) },
      { name: 'finished', path: `/bookings/${done}`, ready: words('Booking completed', /beendet/) },
      {
        name: 'receipt',
        path: `/bookings/${done}/receipt`,
        ready: words('Issued', /Ausgestellt|ausgestellt/),
      },
      { name: 'history', path: '/bookings', ready: /\d (bookings|Buchungen)/ },
      { name: 'profile', path: '/profile', ready: words('This device', 'Dieses Gerät') },
      {
        name: 'a new token',
        path: '/profile',
        ready: words('This device', 'Dieses Gerät'),
        then: opens(words('Create a token', 'Token erstellen')),
      },
      {
        name: 'setting up a second factor',
        path: '/profile',
        ready: words('This device', 'Dieses Gerät'),
        then: async (at) => {
          await opens(words('Set up an authenticator app', 'Authenticator-App einrichten'))(at)
          const dialog = at.getByRole('dialog')
          await dialog.locator('input[type=password]').fill(driver.password)
          await dialog.locator('[type=submit]').first().click()
          await dialog.getByRole('img').first().waitFor()
        },
      },
    ])
  })

test('a chart of a wider window, not drawn again yet, leaves the page as it is', async ({
  page,
  context,
}) => {
  await signIn(context, ADMIN)
  await page.goto(`/admin/analytics?period=today&lot=${setting.lot}`)
  const canvas = page.locator('.pw-chart canvas').first()
  await canvas.waitFor()
  const widths = await canvas.evaluate((picture: HTMLElement) => {
    picture.style.width = `${innerWidth + 500}px`
    return [document.documentElement.scrollWidth, innerWidth]
  })
  expect(widths[0]).toBeLessThanOrEqual(widths[1]!)
})

test('the banner after a restore', async ({ page, context }) => {
  await signIn(context, ADMIN)
  await page.route(/\/api\/admin\/emails(\?.*)?$/, async (route) => {
    const page = (await (await route.fetch()).json()) as { outbox: object }
    const hold = { since: '2026-11-01T09:00:00Z', backup_of: '2026-10-31T03:00:00Z' }
    await route.fulfill({
      json: { ...page, outbox: { ...page.outbox, ok: false, held_up: 'restored', hold } },
    })
  })
  await walk(page, [{ name: 'restored', path: '/admin/mail', ready: /backup/i }])
})

test.describe('forced colours and no motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce', forcedColors: 'active' } })

  test('bars, the chosen spot and the parked state can still be seen', async ({
    page,
    context,
  }) => {
    const { driver, lot } = setting
    await signIn(context, driver)
    await page.goto('/')
    const bar = page.locator('.pw-summary .progress').first()
    await expect(bar).toBeVisible()
    // Backgrounds are the system's there, so a bar needs a line around it and a colour of its own.
    expect(await bar.evaluate((one) => getComputedStyle(one).borderTopWidth)).toBe('1px')
    expect(
      await bar.locator('.progress-bar').evaluate((one) => getComputedStyle(one).forcedColorAdjust),
    ).toBe('none')
    expect(await page.locator('.pw-mini').count()).toBe(0)
    const spots = page.locator('.pw-lot .progress').first()
    expect(await spots.evaluate((one) => getComputedStyle(one).borderTopWidth)).toBe('1px')

    await page.goto(`/lots/${lot}`)
    await page.locator('[data-spot="8"]').click()
    const border = (spot: number) =>
      page.locator(`[data-spot="${spot}"]`).evaluate((one) => getComputedStyle(one).borderTopWidth)
    expect(await border(8)).toBe('4px')
    expect(await border(9)).toBe('2px')
    // The sign in it says the same without any colour.
    await expect(page.locator('[data-spot="8"] svg')).toHaveCount(1)
  })

  test('nothing moves by itself', async ({ page, context }) => {
    await signIn(context, setting.driver)
    await page.goto('/')
    await page.locator('.pw-header-bell button').click()
    await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll('*')]
          .filter((one) => one.checkVisibility())
          .map((one) => getComputedStyle(one))
          .filter(({ transitionDuration, animationDuration, animationName }) => {
            const long = (text: string) => Math.max(...text.split(',').map(parseFloat)) > 0.02
            return long(transitionDuration) || (animationName !== 'none' && long(animationDuration))
          }).length,
    )
    expect(moving).toBe(0)
  })
})
