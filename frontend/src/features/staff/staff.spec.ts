import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import { accountsApi } from '@/features/accounts/api'
import { useSession } from '@/features/accounts/session'
import { ApiError } from '@/shared/api/errors'
import type { Lot, User } from '@/shared/api/types'
import shared from '@/shared/locales/en.json'
import sharedGerman from '@/shared/locales/de.json'
import { staffApi, type StaffMember } from './api'
import StaffCard from './components/StaffCard.vue'
import german from './locales/de.json'
import texts from './locales/en.json'

const lot = { id: 7, name: 'Harbour' } as Lot
const member = (more: Partial<StaffMember> = {}): StaffMember => ({
  user_id: 1,
  username: 'vera',
  email: 'vera@example.com',
  active: true,
  role: 'viewer',
  since: '2026-03-02T12:00:00Z',
  ...more,
})

async function card(staff: StaffMember[], locale = 'en') {
  vi.spyOn(staffApi, 'list').mockResolvedValue(staff)
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
  const messages = { en: { ...shared, ...texts }, de: { ...sharedGerman, ...german } }
  const i18n = createI18n({ legacy: false, locale, messages })
  const stub = {
    props: ['open', 'title'],
    template: '<section v-if="open"><h3>{{ title }}</h3><slot /><slot name="actions" /></section>',
  }
  const wrapper = mount(StaffCard, {
    props: { lot },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { AppDialog: stub },
    },
    attachTo: document.body,
  })
  await flushPromises()
  return wrapper
}
type Card = Awaited<ReturnType<typeof card>>
const press = (wrapper: Card, text: string) =>
  wrapper
    .findAll('button')
    .filter((one) => one.text() === text)
    .at(-1)!
    .trigger('click')

describe('the staff of a lot', () => {
  beforeEach(() => {
    vi.restoreAllMocks()
    document.body.innerHTML = ''
    useSession().user = { id: 2, roles: ['user'], lot_roles: [] } as unknown as User
  })

  it('is listed with address and role; one’s own name is marked, and who cannot sign in', async () => {
    const wrapper = await card([
      member(),
      member({ user_id: 2, username: 'mona', role: 'manager', active: false }),
    ])
    const [vera, mona] = wrapper.findAll('li')
    expect(vera!.text()).toContain('vera@example.com')
    expect(vera!.get<HTMLSelectElement>('select').element.value).toBe('viewer')
    expect(vera!.text()).not.toContain('(you)')
    expect(mona!.text()).toMatch(/\(you\).*Disabled/s)
    expect(wrapper.get('[aria-label="Withdraw the role of vera"]').text()).toBe('Withdraw')
  })

  it('can be read in German, also while nobody is there', async () => {
    const wrapper = await card([], 'de')
    expect(wrapper.text()).toContain('arbeitet noch niemand')
    expect(wrapper.text()).toContain('Person hinzufügen')
  })

  it('gets somebody by their whole address, with a role', async () => {
    const find = vi
      .spyOn(staffApi, 'find')
      .mockResolvedValue({ id: 5, email: 'bob@example.com', username: 'bob' })
    const added = member({ user_id: 5, username: 'bob', role: 'attendant' })
    const give = vi.spyOn(staffApi, 'give').mockResolvedValue([added])
    const wrapper = await card([])
    await press(wrapper, 'Add a person')
    await wrapper.get('[name="email"]').setValue(' bob@example.com ')
    await wrapper.get('#staff-role-attendant').setValue(true)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(find).toHaveBeenCalledExactlyOnceWith(7, 'bob@example.com')
    expect(give).toHaveBeenCalledExactlyOnceWith(7, 5, 'attendant', 'bob@example.com')
    expect(wrapper.findAll('li').map((one) => one.get('strong').text())).toEqual(['bob'])
    expect(wrapper.find('form').exists()).toBe(false)
  })

  it.each([
    ['', 'Enter the email address'],
    ['nobody@example.com', 'There is no account with this address'],
    ['vera@example.com', 'vera is already on the staff'],
  ])('says at the field what is wrong with the address “%s”', async (email, sentence) => {
    vi.spyOn(staffApi, 'find').mockImplementation((_, address) =>
      address === 'vera@example.com'
        ? Promise.resolve({ id: 1, email: address, username: 'vera' })
        : Promise.reject(new ApiError(404, 'not_found', 'There is no such user.')),
    )
    const give = vi.spyOn(staffApi, 'give')
    const wrapper = await card([member()])
    await press(wrapper, 'Add a person')
    await wrapper.get('[name="email"]').setValue(email)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(wrapper.get('[name="email"]').attributes('aria-invalid')).toBe('true')
    expect(wrapper.get('form').text()).toContain(sentence)
    expect(wrapper.get<HTMLInputElement>('[name="email"]').element.value).toBe(email)
    expect(give).not.toHaveBeenCalled()
  })

  it('changes a role in the list; a refused change leaves the present one', async () => {
    const give = vi.spyOn(staffApi, 'give').mockResolvedValueOnce([member({ role: 'manager' })])
    const wrapper = await card([member()])
    await wrapper.get('select').setValue('manager')
    await flushPromises()
    expect(give).toHaveBeenCalledExactlyOnceWith(7, 1, 'manager')
    expect(wrapper.get<HTMLSelectElement>('select').element.value).toBe('manager')
    give.mockRejectedValueOnce(new ApiError(403, 'forbidden', 'Not allowed.'))
    await wrapper.get('select').setValue('viewer')
    await flushPromises()
    expect(wrapper.get<HTMLSelectElement>('select').element.value).toBe('manager')
  })

  it('loses somebody after a question; who is gone already counts as gone', async () => {
    const withdraw = vi
      .spyOn(staffApi, 'withdraw')
      .mockRejectedValue(new ApiError(404, 'not_found', ''))
    const wrapper = await card([member()])
    await press(wrapper, 'Withdraw')
    expect(wrapper.text()).toContain('They lose access to this lot at once')
    expect(withdraw).not.toHaveBeenCalled()
    vi.mocked(staffApi.list).mockResolvedValue([])
    await press(wrapper, 'Withdraw')
    await flushPromises()
    expect(withdraw).toHaveBeenCalledExactlyOnceWith(7, 1)
    expect(wrapper.text()).toContain('Nobody works at this lot yet')
  })

  it('says to who withdraws their own role that it is theirs', async () => {
    const wrapper = await card([member({ user_id: 2 })])
    await press(wrapper, 'Withdraw')
    expect(wrapper.text()).toContain('You lose access to this lot at once')
  })
})
