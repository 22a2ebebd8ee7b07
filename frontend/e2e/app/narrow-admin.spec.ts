import { asAdmin, call, makeLot, register, reserve, unique, type User } from '../support/api.ts'
import { MANY_SCREENS } from '../support/examine.ts'
import { opens, press, settle, walk } from '../support/narrow.ts'
import { signIn, test } from '../support/test.ts'

// The walk of narrow.spec.ts through the screens of administrators, and of those who wait or come every week.

test.use({ trace: 'off' })

const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

/** Somebody who waits for a full lot and comes every week, and what their pages are. */
async function settleWaiting(language: string) {
  const [user, first] = [await register(), await register()]
  await call('PATCH', '/auth/me', { locale: language }, user.token)
  const name = unique('Parkhaus Straßenbahnhaltestelle')
  const lot = await makeLot({ capacity: 1, timezone: 'UTC', name })
  const window = { reserved_start: `${day(1)}T09:00`, reserved_end: `${day(1)}T17:00` }
  await reserve(first, lot.id, window.reserved_start, window.reserved_end)
  const request = { lot_ids: [lot.id], booking_type: 'reserved', ...window }
  const { entry } = await call<{ entry: { id: number } }>(
    'POST',
    '/api/waitlist',
    request,
    user.token,
  )
  const days = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa']
  const rule = {
    lot_id: lot.id,
    start_time: '08:00',
    end_time: '17:30',
    days: [days[new Date(day(7)).getUTCDay()]],
    from: day(7),
    count: 3,
  }
  const { series } = await call<{ series: { id: number } }>('POST', '/api/series', rule, user.token)
  return { user, lot, entry: entry.id, series: series.id }
}

for (const language of ['en', 'de'])
  test(`screens of those who wait and come every week, ${language}`, async ({ page, context }) => {
    test.setTimeout(MANY_SCREENS)
    const { user, lot, entry, series } = await settleWaiting(language)
    await signIn(context, user)
    const words = <T, U>(english: T, german: U) => (language === 'en' ? english : german)
    await walk(page, [
      { name: 'home, a place on the waitlist', path: '/', ready: lot.name },
      { name: 'the place', path: `/waitlist/${entry}`, ready: lot.name },
      { name: 'the series', path: `/series/${series}`, ready: words('Reserved', 'Reserviert') },
      {
        name: 'repeating',
        path: `/lots/${lot.id}?later=1`,
        ready: words('No preference?', /Keine Vorliebe|Egal/),
        then: async (at) => {
          await at.getByRole('button', { name: words('Other time', 'Andere Zeit') }).click()
          const times = at.locator('input[type=datetime-local]')
          await times.first().fill(`${day(9)}T08:00`)
          await times.last().fill(`${day(9)}T17:30`)
          await at.getByLabel(words('Repeat this booking', 'Diese Buchung wiederholen')).check()
        },
      },
      {
        name: 'away',
        path: '/bookings',
        ready: words('Reserved', 'Reserviert'),
        then: opens(words("I'm away", 'Ich bin nicht da')),
      },
      {
        name: 'ending the series',
        path: `/series/${series}`,
        ready: words('Reserved', 'Reserviert'),
        then: opens(words('Cancel all upcoming dates', 'Alle künftigen Termine stornieren')),
      },
    ])
  })

/** An administrator who reads this language, and nobody else's account. */
async function administrator(language: string): Promise<User> {
  const user = await register(unique('operator'))
  await call('PATCH', `/api/users/${user.id}`, { roles: ['user', 'admin'] }, await asAdmin())
  const { email, password } = user
  const { token } = await call<{ token: string }>('POST', '/auth/login', { email, password })
  await call('POST', '/api/exports', { kind: 'all_data' }, token)
  await call('PATCH', '/auth/me', { locale: language }, token)
  return { ...user, token }
}

for (const language of ['en', 'de'])
  test(`screens of an administrator, ${language}`, async ({ page, context }) => {
    test.setTimeout(2 * MANY_SCREENS)
    await signIn(context, await administrator(language))
    const { driver, lot, name } = await settle()
    const words = <T, U>(english: T, german: U) => (language === 'en' ? english : german)
    const at = `/admin/lots/${lot}`
    const spots = words('Spots', 'Stellplätze')
    const edit = words('Edit', 'Bearbeiten')
    const yesterday = words('Revenue yesterday', 'Umsatz gestern')
    await walk(page, [
      { name: 'overview', path: '/admin', ready: yesterday },
      {
        name: 'find anything',
        path: '/admin',
        ready: yesterday,
        then: async (here) => {
          await here
            .getByRole('button', { name: words(/Find anything/, /Alles durchsuchen/) })
            .click()
          await here.getByRole('dialog').waitFor()
          await here.keyboard.type('Güter')
          await here.getByRole('dialog').getByText(name).first().waitFor()
        },
      },
      { name: 'lots', path: '/admin/lots', ready: name },
      {
        name: 'new lot',
        path: '/admin/lots',
        ready: name,
        then: opens(words('New lot', 'Neuer Parkplatz')),
      },
      { name: 'one lot', path: at, ready: spots },
      { name: 'spots as a list', path: at, ready: spots, then: press(words('List', 'Liste')) },
      {
        name: 'bulk edit',
        path: at,
        ready: spots,
        then: opens(words('Bulk edit', 'Mehrere bearbeiten')),
      },
      { name: 'edit', path: at, ready: spots, then: opens(edit) },
      {
        name: 'booking for a visitor',
        path: at,
        ready: spots,
        then: opens(words('Book for a visitor', 'Für Besuch buchen')),
      },
      {
        name: 'adding to the staff',
        path: at,
        ready: spots,
        then: opens(words('Add a person', 'Person hinzufügen')),
      },
      { name: 'bookings', path: '/admin/bookings', ready: '€' }, // others may have booked for later days
      {
        name: 'one booking',
        path: `/admin/bookings?user_id=${driver.id}&status=Active`,
        ready: name,
        then: opens(words(/^Open booking/, /^Buchung .* öffnen$/)),
      },
      { name: 'users', path: '/admin/users', ready: '@example.com' },
      {
        name: 'a user',
        path: `/admin/users/${driver.id}`,
        ready: words('Disable account', 'Konto sperren'),
      },
      {
        name: 'figures',
        path: `/admin/analytics?period=today&lot=${lot}`,
        ready: words('Busiest hour', 'Vollste Stunde'),
        then: (here) => here.locator('.pw-chart canvas').first().waitFor(),
      },
      { name: 'exports', path: '/admin/exports', ready: words('All data', 'Alle Daten') },
      { name: 'outbox', path: '/admin/mail', ready: words('Attempts', 'Versuche') },
      {
        name: 'schedule',
        path: '/admin/mail?view=schedule',
        ready: words('Run now', 'Jetzt senden'),
      },
      {
        name: 'samples',
        path: '/admin/mail?view=samples',
        ready: words('Every type of email', 'Jede Art von E-Mail'),
      },
      { name: 'health', path: '/admin/health', ready: 'Version' },
      { name: 'log', path: '/admin/audit', ready: words('Before → after', 'Vorher → nachher') },
    ])
  })
