import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import ConfirmEmailPage from './ConfirmEmailPage.vue'

vi.mock('@/features/accounts/forms/useLinkToken', async () => {
  const { ref } = await import('vue')
  const use = (work: (token: string) => Promise<unknown>) => work('of-the-mail')
  return { useLinkToken: () => ({ token: ref('of-the-mail'), use }) }
})

const BROKEN = 'This link does not work'

async function pressed(result: Error | null) {
  const confirm = vi.spyOn(accountsApi, 'confirmEmail')
  if (result) confirm.mockRejectedValue(result)
  else confirm.mockResolvedValue({} as never)
  const wrapper = mount(ConfirmEmailPage, {
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: { template: '<a><slot /></a>' } },
    },
  })
  await wrapper.get('button').trigger('click')
  await flushPromises()
  return { wrapper, confirm }
}

beforeEach(async () => {
  document.body.innerHTML = ''
  await setLocale('en')
  await useTexts('features/accounts')
})

describe('confirming an address', () => {
  it('says that it is done, and takes the focus there', async () => {
    const { wrapper } = await pressed(null)
    expect(wrapper.text()).toContain('Your email address is confirmed.')
    expect(document.activeElement).toBe(wrapper.get('[role=status]').element)
  })

  it('says that a link does not work where the server says so', async () => {
    const { wrapper } = await pressed(new ApiError(422, 'link_invalid', ''))
    expect(wrapper.text()).toContain(BROKEN)
  })

  it.each([
    [503, 'unavailable', 'busy or restarting'],
    [0, 'offline', 'No connection'],
    [429, 'rate_limited', 'Too many attempts'],
  ])('blames no link for a server that answers %i, and tries again', async (status, code, says) => {
    const { wrapper, confirm } = await pressed(new ApiError(status, code, ''))
    expect(wrapper.text()).not.toContain(BROKEN)
    expect(wrapper.text()).toContain(says)
    confirm.mockResolvedValue({} as never)
    await wrapper.get('button').trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain('Your email address is confirmed.')
  })
})
