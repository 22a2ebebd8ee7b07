import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import type { Component } from 'vue'
import { beforeEach, describe, expect, it, vi, type Mock } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { accountsApi } from '@/features/accounts/api'
import { usersApi } from '@/features/accounts/admin/api'
import { useSession } from '@/features/accounts/session'
import { auditApi } from '@/features/audit/api'
import { adminBookingsApi } from '@/features/bookings/admin/api'
import { exportsApi } from '@/features/exports/api'
import { lotsApi } from '@/features/lots/api'
import { mailApi } from '@/features/mail/api'
import type { User } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import AuditPage from './AuditPage.vue'
import BookingsPage from './BookingsPage.vue'
import MailPage from './MailPage.vue'
import UsersPage from './UsersPage.vue'

/** "Export these": the file of a list has its filters, and the list is what its address says. */
vi.mock('@/features/bookings/useLive', () => ({ useLive: () => {} }))

/** The summer time of Berlin begins within these days. */
const DAYS = 'from=2026-03-28&to=2026-03-29'
const AS_INSTANTS = { from: '2026-03-27T23:00:00.000Z', to: '2026-03-29T22:00:00.000Z' }
const outbox = {
  ok: true,
  held_up: null,
  configured: true,
  oldest_unsent_seconds: null,
  circuit: { state: 'closed' },
}
let list: Record<string, Mock>
let saved: Mock

beforeEach(async () => {
  await setLocale('en')
  await useTexts(
    'app',
    'features/accounts/admin',
    'features/audit',
    'features/bookings/admin',
    'features/bookings/history',
    'features/exports',
    'features/mail',
  )
  useSession().user = { id: 1, roles: ['admin'], lot_roles: [] } as unknown as User
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ timezone: 'Europe/Berlin' } as never)
  vi.spyOn(lotsApi, 'list').mockResolvedValue([])
  vi.spyOn(adminBookingsApi, 'totals').mockResolvedValue({ count: 0 } as never)
  vi.spyOn(mailApi, 'kinds').mockResolvedValue([])
  saved = vi.spyOn(exportsApi, 'saveList').mockResolvedValue(undefined)
  const empty = (members: object) => ({ next: null, ...members }) as never
  list = {
    audit: vi.spyOn(auditApi, 'list').mockResolvedValue(empty({ entries: [], names: {} })),
    bookings: vi.spyOn(adminBookingsApi, 'list').mockResolvedValue(empty({ bookings: [] })),
    emails: vi.spyOn(mailApi, 'list').mockResolvedValue(empty({ emails: [], counts: {}, outbox })),
    users: vi.spyOn(usersApi, 'list').mockResolvedValue(empty({ users: [], total: 0 })),
  }
})

async function open(page: Component, query: string) {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/list', component: { template: '<p />' } }],
  })
  await router.push(`/list?${query}`)
  const wrapper = mount(page, {
    global: {
      plugins: [i18n, router, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: RouterLinkStub, LiveBadge: true, MailDialog: true },
    },
  })
  await flushPromises()
  return wrapper
}

describe.each<[string, Component, string, object]>([
  ['audit', AuditPage, `entity=lot&${DAYS}`, { entity: 'lot', ...AS_INSTANTS }],
  [
    'bookings',
    BookingsPage,
    `status=Completed&lot_id=7&${DAYS}`,
    { status: 'Completed', lot_id: '7', ...AS_INSTANTS },
  ],
  ['emails', MailPage, 'state=failed&kind=receipt', { state: 'failed', kind: 'receipt' }],
  ['users', UsersPage, 'role=admin&active=false', { role: 'admin', active: 'false' }],
])('the list of %s', (name, page, query, filters) => {
  it('is asked for with the filters of its address', async () => {
    await open(page, query)
    expect(list[name]!.mock.lastCall![0]).toMatchObject(filters)
  })

  it('is saved with just these', async () => {
    const wrapper = await open(page, query)
    const button = wrapper.findAll('button').find((one) => one.text() === 'Export these')!
    await button.trigger('click')
    expect(saved.mock.calls).toEqual([[name, filters]])
  })
})

it('two days of the operator narrow the audit log as they are chosen', async () => {
  const wrapper = await open(AuditPage, '')
  expect(Object.keys(list.audit!.mock.lastCall![0])).not.toContain('from')
  const [from, to] = wrapper.findAll('input[type=date]')
  for (const [field, day] of [
    [from, '2026-03-28'],
    [to, '2026-03-29'],
  ] as const) {
    ;(field!.element as HTMLInputElement).value = day
    await field!.trigger('change')
    await flushPromises()
  }
  expect(list.audit!.mock.lastCall![0]).toMatchObject(AS_INSTANTS)
})
