import { fileURLToPath } from 'node:url'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { signIn } from '../support/test.ts'

const FOLDER = fileURLToPath(new URL('../../../docs/screenshots/', import.meta.url))
const DESKTOP = { width: 1280, height: 860 }
const PHONE = { width: 390, height: 844 }

interface Look {
  name: string
  size: { width: number; height: number }
  theme: 'light' | 'dark'
}

const LOOKS: Look[] = [
  { name: 'light', size: DESKTOP, theme: 'light' },
  { name: 'dark', size: DESKTOP, theme: 'dark' },
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

const api = (path: string) => `${process.env.E2E_URL}${path}`

const FULLNESS = [0.45, 0.7, 0.3, 0.85, 0.55, 1]

/** A picture is taken at any hour; people come so that it shows a working day, and the driver parks. */
test.beforeAll(async ({ request }) => {
  const { token } = await request
    .post(api('/auth/login'), {
      data: { email: process.env.DEMO_DRIVER, password: process.env.DEMO_PASSWORD },
    })
    .then((answer) => answer.json())
  const driver = { Authorization: `Bearer ${token}` }
  const { lots } = await request.get(api('/api/lots'), { headers: driver }).then((a) => a.json())
  for (const [place, lot] of lots.slice(0, FULLNESS.length).entries()) {
    const guest = await request
      .post(api('/auth/register'), {
        data: {
          email: `guest-${place}@example.com`,
          username: `Guest ${place}`,
          password: 'a good long secret',
        },
      })
      .then((answer) => answer.json())
    const cars = Math.round(lot.available_spots * (FULLNESS[place] ?? 0))
    for (let car = 0; car < cars; car++)
      await request.post(api('/api/book'), {
        headers: { Authorization: `Bearer ${guest.token}` },
        data: { lot_id: lot.id, booking_type: 'instant' },
      })
  }
  const mine = await request
    .get(api('/api/bookings?status=Active'), { headers: driver })
    .then((a) => a.json())
  if (mine.bookings.length === 0)
    await request.post(api('/api/book'), {
      headers: driver,
      data: { lot_id: lots[0].id, booking_type: 'instant' },
    })
})

const PICTURES: Record<string, string[]> = {
  light: [
    'landing',
    'home',
    'lot',
    'booking',
    'history',
    '',
    '/lots',
    '/bookings',
    '/users',
    '/analytics',
    '/mail',
    'admin-lot',
  ],
  dark: ['landing', 'home', 'lot', '', '/analytics', 'admin-lot'],
  phone: ['home', 'lot', 'booking', '', '/lots'],
  'phone-dark': ['booking', 'home'],
}

for (const look of LOOKS) {
  const names = PICTURES[look.name] ?? []
  const picture = (page: Page, name: string) =>
    names.includes(name) ? take(page, `${name}-${look.name}`) : Promise.resolve()

  test(`a driver's pictures, ${look.name}`, async ({ browser }) => {
    const landing = await open(browser, look, undefined)
    await landing.goto('/')
    await landing.getByTestId('free-count').first().waitFor()
    await picture(landing, 'landing')

    const page = await open(browser, look, process.env.DEMO_DRIVER)
    await page.clock.install({ time: Date.now() })
    await page.goto('/')
    await page.locator('.pw-summary').first().waitFor()
    // As it looks after a while: the page's clock jumps, and does not hear from the server that it did.
    await page.route('**/api/bookings?status=*', (route) => route.abort())
    await page.clock.fastForward('01:42:00')
    await page.getByText('Live', { exact: true }).waitFor()
    await picture(page, 'home')
    await page.locator('.pw-summary-lot').first().click()
    await page.getByText('Guaranteed until').waitFor()
    await page.clock.fastForward('01:42:00')
    await picture(page, 'booking')
    await page.goto('/')
    await page.locator('.pw-lot-link').first().click()
    await page.getByRole('grid').waitFor()
    await page.mouse.move(0, 0)
    await picture(page, 'lot')
    await page.goto('/bookings')
    await page.getByRole('table').waitFor()
    await picture(page, 'history')
  })

  test(`an administrator's pictures, ${look.name}`, async ({ browser }) => {
    const page = await open(browser, look, process.env.DEMO_ADMIN)
    for (const place of names.filter((name) => name === '' || name.startsWith('/'))) {
      await page.goto(`/admin${place}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await take(page, `admin${place.replace('/', '-')}-${look.name}`)
    }
    if (!names.includes('admin-lot')) return
    await page.goto('/admin/lots')
    await page.locator('main table [href^="/admin/lots/"]').first().click()
    await page
      .getByRole('grid')
      .getByRole('button', { name: /occupied/ })
      .first()
      .click()
    await take(page, `admin-lot-${look.name}`)
  })
}
