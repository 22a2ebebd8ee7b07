import { mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
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

beforeEach(async () => {
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
    const wrapper = mount(AuditTable, {
      props: { entries: [one], names: {}, sort: { key: 'when', down: true } } as never,
      global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
    })
    expect(wrapper.findAll('td').map((one) => one.text())).toContain(who)
  })
})
