import { fileURLToPath } from 'node:url'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { signIn } from '../support/test.ts'

const FOLDER = fileURLToPath(new URL('../../../docs/screenshots/', import.meta.url))
const DESK = { width: 1280, height: 860 }
const PHONE = { width: 390, height: 844 }

interface Look {
  name: string
  size: { width: number; height: number }
  theme: 'light' | 'dark'
}

const LOOKS: Look[] = [
  { name: 'light', size: DESK, theme: 'light' },
  { name: 'dark', size: DESK, theme: 'dark' },
  { name: 'phone', size: PHONE, theme: 'light' },
  { name: 'phone-dark', size: PHONE, theme: 'dark' },
]

async function open(browser: Browser, look: Look, email: string | undefined): Promise<Page> {
  const context = await browser.newContext({
    baseURL: process.env.E2E_URL,
    viewport: look.size,
    colorScheme: look.theme,
    hasTouch: look.size === PHONE,
  })
  if (email) await signIn(context, { email, password: process.env.DEMO_PASSWORD ?? '' })
  return context.newPage()
}

/** A picture of what is on the screen once everything has come and stands still. */
async function take(page: Page, file: string): Promise<void> {
  await expect(page.locator('.pw-skeletons')).toHaveCount(0)
  await page.waitForLoadState('load')
  await page.waitForTimeout(600)
  await page.screenshot({ path: `${FOLDER}${file}.png`, animations: 'disabled' })
}

/** The demonstration driver parks somewhere, so that the pictures show a running booking. */
test.beforeAll(async ({ request }) => {
  const url = process.env.E2E_URL
  const { token } = await request
    .post(`${url}/auth/login`, {
      data: { email: process.env.DEMO_DRIVER, password: process.env.DEMO_PASSWORD },
    })
    .then((answer) => answer.json())
  const headers = { Authorization: `Bearer ${token}` }
  const open = await request
    .get(`${url}/api/bookings?status=Active`, { headers })
    .then((a) => a.json())
  if (open.bookings.length > 0) return
  const { lots } = await request.get(`${url}/api/lots`, { headers }).then((answer) => answer.json())
  await request.post(`${url}/api/book`, {
    headers,
    data: { lot_id: lots[0].id, booking_type: 'instant' },
  })
})

for (const look of LOOKS) {
  test(`a driver's pictures, ${look.name}`, async ({ browser }) => {
    const landing = await open(browser, look, undefined)
    await landing.goto('/')
    await landing.getByTestId('free-count').first().waitFor()
    await take(landing, `landing-${look.name}`)

    const page = await open(browser, look, process.env.DEMO_DRIVER)
    await page.goto('/')
    await page.locator('.pw-hero').first().waitFor()
    await take(page, `home-${look.name}`)
    await page.locator('.pw-hero-lot').first().click()
    await page.getByText('Yours for sure until').waitFor()
    await take(page, `booking-${look.name}`)
    await page.goto('/')
    await page.locator('.pw-lot-link').first().click()
    await page.getByRole('grid').waitFor()
    await page.mouse.move(0, 0)
    await take(page, `lot-${look.name}`)
    await page.goto('/bookings')
    await page.getByRole('table').waitFor()
    await take(page, `history-${look.name}`)
  })

  test(`an administrator's pictures, ${look.name}`, async ({ browser }) => {
    const page = await open(browser, look, process.env.DEMO_ADMIN)
    for (const place of ['', '/lots', '/bookings', '/users', '/analytics', '/mail']) {
      await page.goto(`/admin${place}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await take(page, `admin${place.replace('/', '-')}-${look.name}`)
    }
    await page.goto('/admin/lots')
    const first = page.locator('main').getByRole('link').filter({ hasText: /./ })
    const link = first.and(page.locator('[href^="/admin/lots/"]')).first()
    if (await link.count()) {
      await link.click()
      await page.getByRole('grid').waitFor()
      await take(page, `admin-lot-${look.name}`)
    }
  })
}
