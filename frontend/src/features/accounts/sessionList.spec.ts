import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import SessionList from '@/features/accounts/components/SessionList.vue'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const session = (id: number, current: boolean) =>
  ({ id, current, user_agent: FIREFOX, last_used_at: '2026-03-02T12:00:00Z', ip: null }) as never

it('names the device that a button signs out, and then takes the focus to those left', async () => {
  const sessions = vi.spyOn(accountsApi, 'sessions')
  sessions.mockResolvedValue([session(1, true), session(2, false)])
  vi.spyOn(accountsApi, 'endSession').mockResolvedValue({} as never)
  await setLocale('en')
  await useTexts('features/accounts')
  const wrapper = mount(SessionList, {
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: { template: '<a><slot /></a>' } },
    },
  })
  await flushPromises()
  const button = wrapper.get('button')
  expect(button.attributes('aria-label')).toMatch(/^Sign out: .*Firefox/)
  sessions.mockResolvedValue([session(1, true)])
  await button.trigger('click')
  await flushPromises()
  expect(wrapper.findAll('button')).toHaveLength(0)
  expect(document.activeElement).toBe(wrapper.get('ul').element)
})
