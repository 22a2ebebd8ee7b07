import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, expect, it, vi } from 'vitest'
import { useSession } from '@/features/accounts/session'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import AppHeader from './layouts/AppHeader.vue'

vi.mock('vue-router', async (original) => ({
  ...(await original<typeof import('vue-router')>()),
  useRoute: () => ({ name: 'lot', path: '/lots/7', fullPath: '/lots/7' }),
}))

beforeEach(async () => {
  useSession().clear()
  await setLocale('en')
  await useTexts('app')
})

it('leaves the yellow of the main action to the page below it', async () => {
  const header = mount(AppHeader, {
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })
  await flushPromises()
  const links = header.findAllComponents(RouterLinkStub)
  expect(links.map((one) => one.text()).slice(-2)).toEqual(['Sign in', 'Register'])
  expect(header.find('.btn-primary').exists()).toBe(false)
})
