import { defineConfig } from '@playwright/test'
import { launchOptions } from './e2e/support/browser.ts'

const browser = launchOptions()

// `npm run screenshots`: the README's pictures, taken of the product with demonstration data.
export default defineConfig({
  testDir: './e2e/screenshots',
  testMatch: '*.shots.ts',
  globalSetup: './e2e/screenshots/start.ts',
  workers: 1,
  timeout: 120_000,
  reporter: [['line']],
  use: {
    browserName: 'chromium',
    launchOptions: { ...browser, args: [...(browser.args ?? []), '--lang=en-GB'] },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    deviceScaleFactor: 1.5,
  },
})
