import type { Page } from '@playwright/test'
import {
  asAdmin,
  book,
  call,
  makeLot,
  register,
  release,
  reserve,
  unique,
  type User,
} from '../support/api.ts'
import { MANY_SCREENS, overflowing, standsStill, type Screen } from '../support/examine.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

// Every screen in a window of 320 px and with letters of twice the size (WCAG 1.4.4, 1.4.10): nothing goes
// sideways, and no word of a button or label is cut off.

test.use({ trace: 'off' })

const LOOKS = [
  { name: '320 px', width: 320, font: '' },
  { name: '200 % on a phone', width: 390, font: '200%' },
  { name: '200 % on a desktop', width: 1280, font: '200%' },
] as const

interface Setting {
  driver: User
  lot: number
  name: string
  running: number
  coming: number
  done: number
}

/** A lot with every feature, long names, and everything that can happen to a booking in it. */
async function settle(): Promise<Setting> {
  const token = await asAdmin()
  const driver = await register()
  const name = unique('AAA Parkhaus am Güterbahnhof')
  const lot = await makeLot({ capacity: 12, name, address: 'Donaudampfschifffahrtsgesellschaft 1' })
  const { spots } = await call<{ spots: { id: number }[] }>(
    'GET',
    `/api/spots/${lot.id}`,
    undefined,
    token,
  )
  const features = { level: 'Basement 2', ev: true, accessible: true, covered: true }
  await call('PATCH', `/api/spots/${spots[4]!.id}`, features, token)
  const done = await book(driver, lot.id)
  await release(driver, done.id)
  const ended = await book(driver, lot.id)
  const reason = { reason: 'The bay is needed for an inspection of the sprinklers.' }
  await call('POST', `/api/admin/bookings/${ended.id}/release`, reason, token)
  const running = await book(driver, lot.id)
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const coming = await reserve(driver, lot.id, `${tomorrow}T09:00`, `${tomorrow}T17:00`)
  await call('POST', '/api/exports', { kind: 'all_data' }, token)
  return {
    driver,
    lot: lot.id,
    name,
    running: running.id,
    coming: coming.id,
    done: done.id,
  }
}

let setting: Setting
test.beforeAll(async () => {
  setting = await settle()
})

/** Words of buttons, labels and headings that their box cuts off. */
function clipped(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const named = 'button, a.btn, label, legend, summary, th, dt, h1, h2, h3, .badge, .nav-link'
    const problems: string[] = []
    for (const element of document.querySelectorAll<HTMLElement>(named)) {
      if (!element.checkVisibility({ visibilityProperty: true })) continue
      if (element.closest('.visually-hidden, .visually-hidden-focusable:not(:focus), [inert]'))
        continue
      for (const part of [element, ...element.querySelectorAll<HTMLElement>('*')]) {
        const { overflowX, overflowY, clipPath } = getComputedStyle(part)
        if (clipPath !== 'none' || part.classList.contains('visually-hidden')) continue
        const wide = overflowX !== 'visible' && part.scrollWidth > part.clientWidth + 1
        const high = overflowY !== 'visible' && part.scrollHeight > part.clientHeight + 1
        if (part.clientWidth && (wide || high)) problems.push(element.outerHTML.slice(0, 120))
      }
    }
    return [...new Set(problems)]
  })
}

/** Charts are drawn again after the window has changed: what is wrong for good is wrong. */
async function settled(page: Page, problemsOf: (page: Page) => Promise<string[]>) {
  let problems = await problemsOf(page)
  for (let turn = 0; turn < 300 && problems.length; turn++) {
    await page.waitForTimeout(100)
    problems = await problemsOf(page)
  }
  return problems
}

async function walk(page: Page, screens: readonly Screen[]): Promise<void> {
  for (const screen of screens) {
    await page.goto(screen.path)
    await page.locator('main').getByText(screen.ready).filter({ visible: true }).first().waitFor()
    await screen.then?.(page)
    await expect(page.locator('.pw-skeletons')).toHaveCount(0)
    for (const { name, width, font } of LOOKS) {
      await page.setViewportSize({ width, height: 800 })
      await page.evaluate((size) => (document.documentElement.style.fontSize = size), font)
      await standsStill(page)
      expect.soft(await settled(page, overflowing), `sideways: ${screen.name}, ${name}`).toEqual([])
      expect.soft(await clipped(page), `cut off: ${screen.name}, ${name}`).toEqual([])
    }
    await page.setViewportSize({ width: 1280, height: 900 })
  }
}

const press = (name: string | RegExp) => (page: Page) =>
  page.getByRole('button', { name }).first().click()
const opens = (name: string | RegExp) => async (page: Page) => {
  await page.locator('main').getByRole('button', { name }).first().click()
  await page.getByRole('dialog').waitFor()
}

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
    ])
  })

test('screens of an administrator', async ({ page, context }) => {
  test.setTimeout(2 * MANY_SCREENS)
  await signIn(context, ADMIN)
  const { driver, lot, name } = setting
  const at = `/admin/lots/${lot}`
  await walk(page, [
    { name: 'overview', path: '/admin', ready: 'Revenue yesterday' },
    {
      name: 'find anything',
      path: '/admin',
      ready: 'Revenue yesterday',
      then: async (here) => {
        await here.getByRole('button', { name: /Find anything/ }).click()
        await here.getByRole('dialog').waitFor()
        await here.keyboard.type('Güter')
        await here.getByRole('dialog').getByText(name).first().waitFor()
      },
    },
    { name: 'lots', path: '/admin/lots', ready: name },
    { name: 'new lot', path: '/admin/lots', ready: name, then: opens('New lot') },
    { name: 'one lot', path: at, ready: 'Spots' },
    { name: 'spots as a list', path: at, ready: 'Spots', then: press('List') },
    { name: 'bulk edit', path: at, ready: 'Spots', then: opens('Bulk edit') },
    { name: 'edit', path: at, ready: 'Spots', then: opens('Edit') },
    { name: 'bookings', path: '/admin/bookings', ready: name },
    {
      name: 'one booking',
      path: `/admin/bookings?user_id=${driver.id}&status=Active`,
      ready: name,
      then: opens(/^Open booking/),
    },
    { name: 'users', path: '/admin/users', ready: '@example.com' },
    { name: 'a user', path: `/admin/users/${driver.id}`, ready: 'Disable account' },
    {
      name: 'figures',
      path: `/admin/analytics?period=today&lot=${lot}`,
      ready: 'Busiest hour',
      then: (here) => here.locator('.pw-chart canvas').first().waitFor(),
    },
    { name: 'exports', path: '/admin/exports', ready: 'All data' },
    { name: 'outbox', path: '/admin/mail', ready: 'Attempts' },
    { name: 'schedule', path: '/admin/mail?view=schedule', ready: 'Run now' },
    { name: 'samples', path: '/admin/mail?view=samples', ready: 'Every type of email' },
    { name: 'health', path: '/admin/health', ready: 'Version' },
    { name: 'log', path: '/admin/audit', ready: 'Before → after' },
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
