import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import type { AuditEntry } from '@/features/audit/api'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import ChangeList from './ChangeList.vue'

beforeEach(async () => {
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ currency: 'EUR' } as never)
  await setLocale('en')
  await useTexts('features/audit')
})

/** The name of the field and its value. */
function textOf(entity: string, after: object): string {
  const entry = { entity, entity_name: null, before: null, after } as AuditEntry
  const plugins = [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]] as never
  const list = mount(ChangeList, { props: { entry, names: {} }, global: { plugins } })
  return `${list.find('.pw-change-field').text()} ${list.find('ins').text()}`
}

describe('codes that the program writes into the log', () => {
  it.each([
    ['series', { why: 'full' }, 'Why no spot was free'],
    ['series', { why: 'limit' }, 'Why too many open bookings'],
    ['series', { dates: '2026-05-06 2026-05-13' }, 'Dates 2026-05-06 2026-05-13'],
    ['waitlist_entry', { reason: 'lot_closed' }, 'Reason the lot was deleted'],
    ['waitlist_entry', { reason: 'spot_closed' }, 'Reason the spot went out of service'],
    ['waitlist_entry', { reason: 'series_ended' }, 'Reason the repeating booking was ended'],
    ['waitlist_entry', { reason: 'account_deleted' }, 'Reason the account was deleted'],
  ])('are words: %s %j', (entity, after, words) => {
    expect(textOf(entity, after)).toBe(words)
  })

  it('but what people typed stays as it is', () => {
    expect(textOf('booking', { reason: 'limit' })).toBe('Reason limit')
  })
})
