import {
  test as base,
  expect,
  type BrowserContext,
  type Locator,
  type Page,
} from '@playwright/test'
import { call, register, type User } from './api.ts'

/** What the page must never do, noted while a test runs and checked at its end. */
export class Watch {
  readonly troubles: string[] = []
  // Playwright's own word for the setting of playwright.config.ts.
  private allowed: RegExp[] = [/Service Worker registration blocked by Playwright/]

  /** A failed request that the test brings about on purpose is written to the console by the browser. */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern)
  }

  on(page: Page): void {
    const own = new URL(process.env.E2E_URL ?? '').origin
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.note(message.text())
    })
    page.on('pageerror', (error) => this.note(`uncaught: ${error.message}`))
    page.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(own) && !/^(data|blob|about):/.test(url)) this.note(`foreign: ${url}`)
    })
  }

  check(): void {
    expect(this.troubles.filter((text) => !this.allowed.some((one) => one.test(text)))).toEqual([])
  }

  private note(text: string): void {
    this.troubles.push(text)
  }
}

/** Signs a user in as the page itself would be after a reload: by the refresh cookie alone. */
export async function signIn(context: BrowserContext, user: { email: string; password: string }) {
  const answer = await context.request.post('/auth/login', {
    data: { email: user.email, password: user.password },
  })
  expect(answer.ok()).toBe(true)
  await context.addInitScript(() => {
    // Neither an empty tab nor a frame with a mail in it has a storage.
    if (window === window.top && location.protocol !== 'about:')
      localStorage.setItem('pw-returning', '1')
  })
}

/** Signs out by the menu of the header, where that is as wide as a desktop. */
export async function signOut(page: Page): Promise<void> {
  await page.locator('.pw-user > button').click()
  await page.locator('#user-menu').getByRole('button', { name: 'Sign out' }).click()
}

/** Counts what a user presses on the way to something. */
export class Hand {
  clicks = 0
  async click(target: Locator): Promise<void> {
    this.clicks++
    await target.click()
  }
}

interface Fixtures {
  watch: Watch
  /** A driver with an account, signed in on `page`. */
  driver: User
  hand: Hand
}

export const test = base.extend<Fixtures>({
  // The address is known once the product has started.
  baseURL: async ({}, use) => use(process.env.E2E_URL),
  watch: [
    async ({ context, page }, use) => {
      const watch = new Watch()
      watch.on(page)
      context.on('page', (tab) => watch.on(tab))
      await use(watch)
      watch.check()
    },
    { auto: true },
  ],
  driver: async ({ context }, use) => {
    const user = await register()
    await signIn(context, user)
    await use(user)
  },
  hand: async ({}, use) => use(new Hand()),
})

export { call, expect }
