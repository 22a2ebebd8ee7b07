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
} from './api.ts'
import { overflowing, standsStill, type Screen } from './examine.ts'
import { expect } from './test.ts'

// Screens in a window of 320 px and with letters of twice the size (WCAG 1.4.4, 1.4.10).

const LOOKS = [
  { name: '320 px', width: 320, font: '' },
  { name: '200 % on a phone', width: 390, font: '200%' },
  { name: '200 % on a desktop', width: 1280, font: '200%' },
] as const

export interface Setting {
  driver: User
  lot: number
  name: string
  running: number
  coming: number
  done: number
}

/** A lot with every feature, long names, and everything that can happen to a booking in it. */
export async function settle(): Promise<Setting> {
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
  return {
    driver,
    lot: lot.id,
    name,
    running: running.id,
    coming: coming.id,
    done: done.id,
  }
}

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

/** Opens each screen: nothing goes sideways, and no word of a button or label is cut off. */
export async function walk(page: Page, screens: readonly Screen[]): Promise<void> {
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

/** Presses the first such button. */
export const press = (name: string | RegExp) => (page: Page) =>
  page.getByRole('button', { name }).first().click()
/** The same, and a dialog opens. */
export const opens = (name: string | RegExp) => async (page: Page) => {
  await page.locator('main').getByRole('button', { name }).first().click()
  await page.getByRole('dialog').waitFor()
}
