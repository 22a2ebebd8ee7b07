import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import ForgotPasswordPage from './ForgotPasswordPage.vue'

it('takes the focus to what comes next, where the form was', async () => {
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
  vi.spyOn(accountsApi, 'forgot').mockResolvedValue({} as never)
  await setLocale('en')
  await useTexts('features/accounts')
  const wrapper = mount(ForgotPasswordPage, {
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: { template: '<a><slot /></a>' } },
    },
  })
  await wrapper.get('input').setValue('alice@example.com')
  await wrapper.get('form').trigger('submit')
  await flushPromises()
  expect(document.activeElement?.textContent).toContain('Check your email')
})
