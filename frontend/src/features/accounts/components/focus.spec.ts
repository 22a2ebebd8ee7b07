import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import type { Component } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import ForgotPasswordPage from '@/pages/auth/ForgotPasswordPage.vue'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import SessionList from './SessionList.vue'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const session = (id: number, current: boolean) =>
  ({ id, current, user_agent: FIREFOX, last_used_at: '2026-03-02T12:00:00Z', ip: null }) as never

function page(component: Component) {
  return mount(component, {
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: { template: '<a><slot /></a>' } },
    },
  })
}

beforeEach(async () => {
  document.body.innerHTML = ''
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
  await setLocale('en')
  await useTexts('features/accounts')
})

describe('the focus, when what was pressed is gone,', () => {
  it('goes to what comes after a link was asked for', async () => {
    vi.spyOn(accountsApi, 'forgot').mockResolvedValue({} as never)
    const wrapper = page(ForgotPasswordPage)
    await wrapper.get('input').setValue('alice@example.com')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(document.activeElement?.textContent).toContain('Check your email')
  })

  it('goes to the other devices after one was signed out', async () => {
    const sessions = vi.spyOn(accountsApi, 'sessions')
    sessions.mockResolvedValue([session(1, true), session(2, false)])
    vi.spyOn(accountsApi, 'endSession').mockResolvedValue({} as never)
    const wrapper = page(SessionList)
    await flushPromises()
    const button = wrapper.get('button')
    expect(button.attributes('aria-label')).toMatch(/^Sign out: .*Firefox/)
    sessions.mockResolvedValue([session(1, true)])
    await button.trigger('click')
    await flushPromises()
    expect(wrapper.findAll('button')).toHaveLength(0)
    expect(document.activeElement).toBe(wrapper.get('ul').element)
  })
})
