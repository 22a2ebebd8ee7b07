import type { BrowserContext, Page, Request } from '@playwright/test'
import { book, makeLot, register, release } from '../support/api.ts'
import { ADMIN } from '../support/product.ts'
import { expect, signIn, test } from '../support/test.ts'

// Many tabs of one browser: a browser opens six connections to a host at most, and an event stream
// never ends. So the tabs share one stream.

const live = (page: Page) => page.getByText('Live', { exact: true })
const freeAt = (page: Page, lot: { name: string }) =>
  page.locator('article', { hasText: lot.name }).getByTestId('free-count')

/** Streams that were asked for, and those that are open now. */
function streamsOf(context: BrowserContext) {
  const requests: Request[] = []
  const open = new Set<Request>()
  const isStream = (request: Request) => new URL(request.url()).pathname === '/api/stream'
  context.on('request', (request) => {
    if (!isStream(request)) return
    requests.push(request)
    open.add(request)
  })
  context.on('requestfinished', (request) => open.delete(request))
  context.on('requestfailed', (request) => open.delete(request))
  context.on('page', (page) =>
    page.on('close', () => {
      for (const one of open) if (one.frame().page() === page) open.delete(one)
    }),
  )
  return { requests, open, leader: () => [...open].at(-1)?.frame().page() }
}

async function openTabs(context: BrowserContext, paths: string[]): Promise<Page[]> {
  const tabs: Page[] = []
  for (const path of paths) {
    const tab = await context.newPage()
    await tab.goto(path)
    tabs.push(tab)
  }
  return tabs
}

test.beforeEach(({ watch }) => watch.allow(/ERR_ABORTED|ERR_FAILED/))

test('eight tabs all load, are live and can act, on one stream', async ({ context, driver }) => {
  const lot = await makeLot({ capacity: 9 })
  const streams = streamsOf(context)
  const tabs = await openTabs(context, Array<string>(8).fill('/'))
  for (const tab of tabs) {
    await expect(freeAt(tab, lot)).toContainText('9')
    await expect(live(tab)).toBeVisible()
  }
  expect(streams.open.size).toBe(1)

  const booking = await book(driver, lot.id)
  const since = Date.now()
  await Promise.all(tabs.map((tab) => expect(freeAt(tab, lot)).toContainText('8')))
  test.info().annotations.push({ type: 'all eight after', description: `${Date.now() - since} ms` })

  const status = await tabs[0]!.evaluate(async () => (await fetch('/api/public/lots')).status)
  expect(status).toBe(200)
  await tabs[7]!.getByRole('button', { name: 'End parking', exact: true }).click()
  await tabs[7]!.getByRole('dialog').getByRole('button', { name: 'End parking' }).click()
  await expect(
    tabs[7]!.getByText(`Parking on spot ${booking.spot_number} ended`, { exact: false }).first(),
  ).toBeVisible()
  // The tab that ended it shows the booking now.
  await Promise.all(tabs.slice(0, 7).map((tab) => expect(freeAt(tab, lot)).toContainText('9')))
})

test('the control: with a stream for each tab the seventh does nothing', async ({
  context,
  driver,
}) => {
  expect(driver.id).toBeGreaterThan(0)
  await context.addInitScript(() => {
    Object.defineProperty(navigator, 'locks', { value: undefined })
    Object.assign(window, { BroadcastChannel: undefined })
  })
  const tabs = await openTabs(context, Array<string>(6).fill('/'))
  for (const tab of tabs) await expect(live(tab)).toBeVisible()
  const seventh = await context.newPage()
  const answer = await Promise.race([
    seventh.goto('/').then(
      () => 'loaded',
      () => 'closed',
    ),
    new Promise((resolve) => setTimeout(resolve, 8_000, 'nothing')),
  ])
  expect(answer).toBe('nothing')
  await tabs[0]!.close()
  await expect(seventh.getByRole('heading', { level: 1 })).toBeVisible()
})

test('without locks a tab that nobody looks at lets go of its stream', async ({
  context,
  driver,
}) => {
  expect(driver.id).toBeGreaterThan(0)
  await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
  const streams = streamsOf(context)
  const [tab] = await openTabs(context, ['/'])
  await expect(live(tab!)).toBeVisible()
  const show = (state: string) =>
    tab!.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
  await show('hidden')
  await expect.poll(() => streams.open.size).toBe(0)
  await show('visible')
  await expect(live(tab!)).toBeVisible()
  expect(streams.requests).toHaveLength(2)
})

test('closing the leader passes the stream on; what happens meanwhile is not lost', async ({
  context,
  driver,
}) => {
  const lot = await makeLot({ capacity: 9 })
  const streams = streamsOf(context)
  let tabs = await openTabs(context, Array<string>(4).fill('/'))
  for (const tab of tabs) await expect(live(tab)).toBeVisible()
  const others = await Promise.all([register(), register(), register()])
  for (const [round, other] of others.entries()) {
    const leader = streams.leader()
    tabs = tabs.filter((tab) => tab !== leader)
    await Promise.all([leader?.close(), book(other, lot.id)])
    for (const tab of tabs) {
      await expect(freeAt(tab, lot)).toContainText(String(8 - round))
      await expect(live(tab)).toBeVisible()
    }
    expect(streams.open.size).toBe(1)
    // It goes on from the last event that the tabs have seen.
    expect(streams.requests.at(-1)!.headers()['last-event-id']).toMatch(/^\d+-\d+$/)
  }
  expect(tabs).toHaveLength(1)
  await book(driver, lot.id)
  await expect(freeAt(tabs[0]!, lot)).toContainText('5')
})

test('a leader that is hidden for long hands over to a tab that is seen', async ({
  context,
  driver,
}) => {
  const lot = await makeLot({ capacity: 9 })
  const streams = streamsOf(context)
  const first = await context.newPage()
  await first.clock.install()
  await first.goto('/')
  await expect(live(first)).toBeVisible()
  const second = await context.newPage()
  await second.goto('/')
  await expect(live(second)).toBeVisible()
  expect(streams.leader()).toBe(first)
  await first.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await first.clock.fastForward(31_000)
  await expect.poll(() => streams.leader() === second && streams.open.size).toBe(1)
  await book(driver, lot.id)
  for (const tab of [first, second]) await expect(freeAt(tab, lot)).toContainText('8')
})

test('tabs on different lots each see their own spots', async ({ context, driver }) => {
  const lots = await Promise.all([makeLot(), makeLot(), makeLot()])
  const streams = streamsOf(context)
  const tabs = await openTabs(
    context,
    lots.map((lot) => `/lots/${lot.id}`),
  )
  for (const tab of tabs) await expect(live(tab)).toBeVisible()
  expect(streams.open.size).toBe(1)
  for (const [index, lot] of lots.entries()) {
    const other = await register()
    const { id, spot_number: spot } = await book(other, lot.id)
    await expect(
      tabs[index]!.getByRole('button', { name: new RegExp(`^Spot ${spot}, occupied`) }),
    ).toBeVisible()
    await release(other, id)
    await expect(
      tabs[index]!.getByRole('button', { name: new RegExp(`^Spot ${spot}, available`) }),
    ).toBeVisible()
  }
  expect(driver.id).toBeGreaterThan(0)
})

test('an administrator’s morning: eight pages open at once', async ({ context }) => {
  await signIn(context, ADMIN)
  const lot = await makeLot()
  await book(await register(), lot.id)
  const streams = streamsOf(context)
  const paths = ['/admin', '/admin/lots', '/admin/bookings', `/admin/lots/${lot.id}`]
  const tabs = await openTabs(context, [...paths, ...paths])
  for (const tab of tabs) await expect(tab.getByRole('heading', { level: 1 })).toBeVisible()
  for (const tab of tabs) await expect(live(tab).first()).toBeVisible()
  expect(streams.open.size).toBe(1)
})
