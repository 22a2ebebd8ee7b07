import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import { ApiError } from '@/shared/api/errors'
import german from '@/features/accounts/locales/de.json'
import texts from '@/features/accounts/locales/en.json'
import shared from '@/shared/locales/en.json'
import { tokensApi, type ApiToken } from '@/features/accounts/tokens/api'
import ApiTokens from './ApiTokens.vue'

const SECRET = `pw_${'A'.repeat(43)}`
const token = (more: Partial<ApiToken> = {}): ApiToken => ({
  id: 1,
  name: 'Display',
  scopes: ['lots:read', 'bookings:read'],
  lot_ids: null,
  created_at: '2026-03-02T12:00:00Z',
  expires_at: null,
  last_used_at: null,
  ...more,
})

function page(locale = 'en') {
  const messages = { en: { ...shared, ...texts }, de: { ...shared, ...german } }
  const i18n = createI18n({ legacy: false, locale, messages })
  const stub = {
    props: ['open', 'title'],
    template: '<section v-if="open"><h3>{{ title }}</h3><slot /><slot name="actions" /></section>',
  }
  const wrapper = mount(ApiTokens, {
    global: { plugins: [i18n, VueQueryPlugin], stubs: { AppDialog: stub } },
    attachTo: document.body,
  })
  return wrapper
}
type Page = ReturnType<typeof page>
const press = (wrapper: Page, text: string) =>
  wrapper
    .findAll('button')
    .filter((one) => one.text() === text)
    .at(-1)!
    .trigger('click')

describe('one’s own API tokens', () => {
  beforeEach(() => {
    vi.restoreAllMocks()
    document.body.innerHTML = ''
    vi.spyOn(tokensApi, 'lots').mockResolvedValue([
      { id: 7, name: 'North' },
      { id: 8, name: 'South' },
    ])
  })

  it('are listed with what they may do, where, and until when', async () => {
    vi.spyOn(tokensApi, 'list').mockResolvedValue([
      token({ lot_ids: [7, 99] }),
      token({ id: 2, name: 'Old', expires_at: '2020-01-01T00:00:00Z' }),
    ])
    const wrapper = page()
    await flushPromises()
    const [display, old] = wrapper.findAll('li').map((one) => one.text())
    expect(display).toContain('See lots, spots and prices · See bookings')
    expect(display).not.toContain('lots:read')
    expect(display).toContain('Only North, lot 99')
    expect(display).toContain('Not used yet')
    expect(display).toContain('Does not expire')
    expect(old).toContain('Expired')
    expect(wrapper.get('[aria-label="Revoke Old"]').text()).toBe('Revoke')
  })

  it('can be read in German', async () => {
    vi.spyOn(tokensApi, 'list').mockResolvedValue([token()])
    const wrapper = page('de')
    await flushPromises()
    expect(wrapper.text()).toContain('Noch nicht benutzt')
    expect(wrapper.text()).toContain('Token erstellen')
  })

  it('are made with the scopes, lots and end that were chosen; the secret is shown once', async () => {
    vi.useFakeTimers({ now: new Date('2026-03-02T12:00:00Z'), toFake: ['Date'] })
    vi.spyOn(tokensApi, 'list').mockResolvedValue([])
    const create = vi
      .spyOn(tokensApi, 'create')
      .mockResolvedValue({ ...token({ lot_ids: [8] }), token: SECRET })
    const wrapper = page()
    await flushPromises()
    await press(wrapper, 'Create a token')
    await wrapper.get('[name="name"]').setValue(' Display ')
    await wrapper.get('input[value="lots:read"]').setValue(true)
    await wrapper.get('#token-lots-true').setValue(true)
    await flushPromises()
    await wrapper.get('#token-lot-8').setValue(true)
    await wrapper.get('select').setValue('30')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(create).toHaveBeenCalledExactlyOnceWith({
      name: 'Display',
      scopes: ['lots:read'],
      lot_ids: [8],
      expires_at: '2026-04-01T12:00:00.000Z',
    })
    expect(wrapper.text()).toContain(SECRET)
    expect(document.activeElement?.textContent?.trim()).toBe(SECRET)
    expect(tokensApi.list).toHaveBeenCalledTimes(2)
    await press(wrapper, 'I have copied it')
    await flushPromises()
    expect(wrapper.html()).not.toContain(SECRET)
    await press(wrapper, 'Create a token')
    expect(wrapper.html()).not.toContain(SECRET)
    expect(wrapper.get<HTMLInputElement>('[name="name"]').element.value).toBe('')
    vi.useRealTimers()
  })

  it('name what is missing, and ask for nothing then', async () => {
    vi.spyOn(tokensApi, 'list').mockResolvedValue([])
    const create = vi.spyOn(tokensApi, 'create')
    const wrapper = page()
    await flushPromises()
    await press(wrapper, 'Create a token')
    await wrapper.get('#token-lots-true').setValue(true)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    for (const text of ['Enter a name', 'Select what the token may do', 'Select at least one lot'])
      expect(wrapper.text()).toContain(text)
    expect(create).not.toHaveBeenCalled()
  })

  it('keep what was typed when the server refuses', async () => {
    vi.spyOn(tokensApi, 'list').mockResolvedValue([])
    vi.spyOn(tokensApi, 'create').mockRejectedValue(
      new ApiError(409, 'name_taken', 'You have a token of this name already.', {
        name: ['You have a token of this name already.'],
      }),
    )
    const wrapper = page()
    await flushPromises()
    await press(wrapper, 'Create a token')
    await wrapper.get('[name="name"]').setValue('Display')
    await wrapper.get('input[value="stats:read"]').setValue(true)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(wrapper.get('[name="name"]').attributes('aria-invalid')).toBe('true')
    expect(wrapper.get<HTMLInputElement>('[name="name"]').element.value).toBe('Display')
  })

  it('are revoked after a question; one that is gone counts as revoked', async () => {
    vi.spyOn(tokensApi, 'list').mockResolvedValue([token()])
    const revoke = vi
      .spyOn(tokensApi, 'revoke')
      .mockRejectedValue(new ApiError(404, 'not_found', ''))
    const wrapper = page()
    await flushPromises()
    await press(wrapper, 'Revoke')
    expect(wrapper.text()).toContain('Programs that use this token stop working at once.')
    expect(revoke).not.toHaveBeenCalled()
    vi.mocked(tokensApi.list).mockResolvedValue([])
    await press(wrapper, 'Revoke')
    await flushPromises()
    expect(revoke).toHaveBeenCalledExactlyOnceWith(1)
    expect(wrapper.text()).toContain('You have no API tokens.')
  })
})
