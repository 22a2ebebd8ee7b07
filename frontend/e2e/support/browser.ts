import { existsSync } from 'node:fs'
import type { LaunchOptions } from '@playwright/test'

const KNOWN = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** CHROMIUM_PATH, else the machine's own browser, else the one Playwright has fetched (its error says how). */
export function launchOptions(): LaunchOptions {
  const executablePath = process.env.CHROMIUM_PATH ?? KNOWN.find((path) => existsSync(path))
  // Chromium refuses its sandbox to root, which containers and build machines usually are.
  const asRoot = process.getuid?.() === 0
  return { executablePath, args: asRoot ? ['--no-sandbox', '--disable-dev-shm-usage'] : [] }
}
