import { defineConfig } from '@playwright/test'
import suite from './playwright.config.ts'

// `npm run bench`: how fast the built page is, one measurement at a time.
export default defineConfig({
  ...suite,
  testDir: './e2e/bench',
  testMatch: '*.bench.ts',
  workers: 1,
  fullyParallel: false,
  timeout: 900_000,
  reporter: [['line']],
  use: { ...suite.use, trace: 'off' },
})
