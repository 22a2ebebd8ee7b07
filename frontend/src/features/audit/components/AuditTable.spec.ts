import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import type { AuditEntry } from '@/features/audit/api'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import AuditTable from './AuditTable.vue'

const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  id: 1,
  at: '2026-03-02T12:00:00Z',
  actor_id: null,
  actor_email: null,
  actor_name: null,
  action: 'booking.cancelled',
  entity: 'booking',
  entity_id: 4,
  entity_name: 'K7QF-2M9X',
  before: { status: 'Reserved' },
  after: { status: 'Cancelled' },
  request_id: null,
  ...more,
})

const site = (currency: string) =>
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ currency } as never)
function table(one: AuditEntry) {
  return mount(AuditTable, {
    props: { entries: [one], names: {}, sort: { key: 'when', down: true } } as never,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: RouterLinkStub },
    },
  })
}

beforeEach(async () => {
  site('EUR')
  await setLocale('en')
  await useTexts('features/audit')
})

describe('who did what the log says', () => {
  it.each([
    ['the clock', entry(), 'System'],
    ['a visitor by their link', entry({ request_id: 'abc' }), 'Visitor'],
    ['somebody', entry({ request_id: 'abc', actor_id: 3, actor_name: 'carol' }), 'carol'],
    ['nobody yet', entry({ request_id: 'abc', entity: 'user', action: 'user.login' }), 'System'],
  ])('is %s', (_, one, who) => {
    expect(
      table(one)
        .findAll('td')
        .map((one) => one.text()),
    ).toContain(who)
  })
})

describe('what a line of the log says', () => {
  it('has the year and the zone of its time: the log is kept for years', () => {
    expect(table(entry()).text()).toMatch(/2 Mar 2026|Mar 2, 2026/)
    expect(table(entry()).text()).toContain('UTC')
  })

  it.each([
    ['EUR', '11.00'],
    ['JPY', '11'],
  ])('writes an amount as %s is written', async (currency, text) => {
    site(currency)
    const wrapper = table(entry({ before: null, after: { total_cost_minor: 1100 } }))
    await flushPromises()
    expect(wrapper.get('ins').text()).toBe(text)
  })

  it('names the restore of a backup, and what a duplicate shares', () => {
    const restore = { action: 'system.restored', entity: 'system', entity_id: null }
    const wrapper = table(
      entry({ ...restore, before: null, after: { backup_of: '2026-03-02T03:00:00Z' } }),
    )
    expect(wrapper.text()).toContain('Backup restored')
    expect(wrapper.text()).toContain('Time of the backup')
    expect(wrapper.get('ins').text()).toContain('2026')
    const same = { action: 'user.same_name', entity: 'user', before: null }
    const duplicate = table(entry({ ...same, after: { field: 'username', same_as: 4 } })).text()
    expect(duplicate).toContain('Same name or address as an earlier account')
    expect(duplicate).toMatch(/Field\s*Name/)
  })
})
