import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import { useSession } from '@/features/accounts/session'
import { theme } from '@/shared/browser/preferences'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import type { SignIn, Site, User } from '@/shared/api/types'
import AppFooter from './AppFooter.vue'

const NOBODY = {
  operator_name: null,
  operator_contact: null,
  operator_contact_url: null,
  imprint_url: null,
  privacy_url: null,
}

async function footer(site: Partial<Site>) {
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ ...NOBODY, ...site } as Site)
  const wrapper = mount(AppFooter, {
    global: { plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]] },
  })
  await flushPromises()
  return wrapper
}

beforeEach(async () => {
  useSession().clear()
  await useTexts('app', 'features/accounts')
  await setLocale('en')
})

it('shows what is set of the operator, each with its link', async () => {
  const wrapper = await footer({
    operator_name: 'Müller & Söhne',
    operator_contact: 'https://example.com/help/',
    operator_contact_url: 'https://example.com/help/',
    privacy_url: 'https://example.com/privacy',
  })
  expect(wrapper.findAll('li').map((item) => item.text())).toEqual([
    'Müller & Söhne',
    'example.com/help',
    'Privacy policy',
  ])
  expect(wrapper.findAll('a').map((link) => link.attributes('href'))).toEqual([
    'https://example.com/help/',
    'https://example.com/privacy',
  ])
})

it('lets whoever is signed out choose language and theme, kept in the browser', async () => {
  const store = vi.spyOn(accountsApi, 'change')
  const wrapper = await footer({})
  expect(wrapper.find('ul').exists()).toBe(false)
  const [language, look] = wrapper.findAll('select')
  await language!.setValue('de')
  await flushPromises()
  await vi.waitFor(() => expect(document.documentElement.lang).toBe('de'))
  expect(localStorage.getItem('pw-locale')).toBe('de')
  await look!.setValue('dark')
  expect(theme.value).toBe('dark')
  expect(document.documentElement.dataset.bsTheme).toBe('dark')
  expect(localStorage.getItem('pw-theme')).toBe('dark')
  expect(store).not.toHaveBeenCalled()
})

it('is not there for a user when nothing is set, and has no choices when something is', async () => {
  const user = { id: 1, roles: ['user'], locale: 'en', theme: 'light', timezone: 'UTC' } as unknown
  useSession().adopt({ token: 'x', expires_in: 900, user: user as User } as SignIn)
  expect((await footer({})).find('footer').exists()).toBe(false)
  const wrapper = await footer({ operator_name: 'Parkwell Ltd' })
  expect(wrapper.get('footer').text()).toBe('Parkwell Ltd')
})
