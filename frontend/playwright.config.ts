import { defineConfig } from '@playwright/test'
import { launchOptions } from './e2e/support/browser.ts'

// The suite runs against the product itself: `python -m launch` with a data folder of its own.
export default defineConfig({
  testDir: './e2e',
  globalSetup: './e2e/support/start.ts',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  // What is waited for is certain to come; a busy machine may take its time. Speed is measured elsewhere.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: process.env.CI ? [['list']] : [['line']],
  use: {
    browserName: 'chromium',
    launchOptions: launchOptions(),
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // Only the test of the page without a network wants one; it would stand between the others and their answers.
    serviceWorkers: 'block',
    viewport: { width: 1280, height: 900 },
    trace: 'retain-on-failure',
    actionTimeout: 60_000,
  },
})
