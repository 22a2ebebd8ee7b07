import { mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import { useSession } from '@/features/accounts/session'
import type { User } from '@/shared/api/types'
import app from '@/app/locales/en.json'
import shared from '@/shared/locales/en.json'
import AdminMenu from './AdminMenu.vue'

vi.mock('vue-router', async (original) => ({
  ...(await original<typeof import('vue-router')>()),
  useRoute: () => ({ name: 'admin-lots', path: '/admin/lots' }),
}))

function places(user: Partial<User>): string[] {
  useSession().user = { id: 1, lot_roles: [], ...user } as User
  const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: { ...shared, ...app } } })
  const wrapper = mount(AdminMenu, {
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })
  return wrapper
    .findAllComponents(RouterLinkStub)
    .map((one) => (one.props('to') as { name: string }).name)
}

afterEach(() => (useSession().user = null))

describe('the places of the administration', () => {
  it('are all there for administrators', () => {
    expect(places({ roles: ['admin'] })).toHaveLength(9)
  })

  it('are those about lots for staff', () => {
    const lot_roles = [{ lot_id: 7, lot_name: 'Harbour', role: 'viewer' as const }]
    expect(places({ roles: ['user'], lot_roles })).toEqual([
      'admin-lots',
      'admin-bookings',
      'admin-analytics',
      'admin-exports',
    ])
  })
})
