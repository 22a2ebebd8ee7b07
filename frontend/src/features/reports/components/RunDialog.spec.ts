import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import { mailApi } from '@/features/mail/api'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import RunDialog from './RunDialog.vue'

async function dialog(mails: number, recipients: number, locale: 'en' | 'de') {
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
  vi.spyOn(mailApi, 'dryRun').mockResolvedValue({ mails, recipients, addresses: [] } as never)
  await setLocale(locale)
  await useTexts('features/reports', 'features/mail')
  const wrapper = mount(RunDialog, {
    props: { open: true, what: 'send-monthly-report' },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { AppDialog: { template: '<div><slot /><slot name="actions" /></div>' } },
    },
  })
  await flushPromises()
  return wrapper.text()
}

describe('sending reports now', () => {
  it('counts emails and users each for themselves: one user may get two', async () => {
    expect(await dialog(2, 1, 'en')).toContain('2 emails to 1 user.')
    expect(await dialog(3, 2, 'en')).toContain('3 emails to 2 users.')
    expect(await dialog(1, 1, 'en')).toContain('1 email to 1 user.')
    expect(await dialog(0, 0, 'en')).toContain('No emails to send now.')
    expect(await dialog(2, 1, 'de')).toContain('2 E-Mails an 1 Person.')
  })
})
