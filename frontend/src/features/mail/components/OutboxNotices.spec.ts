import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { mailApi, type Outbox } from '@/features/mail/api'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import OutboxNotices from './OutboxNotices.vue'

const outbox = (values: Partial<Outbox> = {}) =>
  ({
    configured: true,
    queued: 3,
    circuit: { state: 'closed', until: null, login_failures: 0, last_reply: null },
    hold: null,
    ...values,
  }) as Outbox

async function notices(values: Partial<Outbox>, locale: 'en' | 'de' = 'en') {
  await setLocale(locale)
  await useTexts('features/mail')
  const wrapper = mount(OutboxNotices, {
    props: { outbox: outbox(values) },
    global: { plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]] },
  })
  await flushPromises()
  return wrapper
}

const HOLD = { since: '2026-03-02T12:00:00Z', backup_of: '2026-03-02T03:00:00Z' }

describe('why mail does not go out', () => {
  it('says nothing while it does', async () => {
    expect((await notices({})).text()).toBe('')
  })

  it.each([
    ['Discard 3 emails', true],
    ['Send them', false],
  ])('asks after a restore: %s', async (label, discard) => {
    const release = vi.spyOn(mailApi, 'release').mockResolvedValue({} as never)
    const wrapper = await notices({ hold: HOLD })
    expect(wrapper.text()).toContain('a backup was restored')
    await wrapper
      .findAll('button')
      .find((one) => one.text() === label)!
      .trigger('click')
    await flushPromises()
    expect(release.mock.calls[0]![0]).toBe(discard)
  })

  it('names the day of the backup, which may be an old one', async () => {
    expect((await notices({ hold: HOLD })).text()).toMatch(/2 Mar|Mar 2/)
  })

  it('says so in German', async () => {
    expect((await notices({ hold: HOLD }, 'de')).text()).toContain('Ein Backup wurde eingespielt')
  })
})
