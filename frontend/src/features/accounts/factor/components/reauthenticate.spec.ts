import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import { ApiError } from '@/shared/api/errors'
import texts from '@/features/accounts/locales/en.json'
import shared from '@/shared/locales/en.json'
import { factorApi } from '@/features/accounts/factor/api'
import { reauthenticate } from '@/features/accounts/factor/reauthenticate'
import ReauthenticateDialog from './ReauthenticateDialog.vue'

function dialog() {
  const messages = { en: { ...shared, ...texts } }
  const i18n = createI18n({ legacy: false, locale: 'en', messages })
  const stub = { props: ['open'], template: '<section v-if="open"><slot /></section>' }
  return mount(ReauthenticateDialog, {
    global: { plugins: [i18n], stubs: { AppDialog: stub } },
    attachTo: document.body,
  })
}

describe('the dialog that asks whether it is you', () => {
  beforeEach(() => {
    vi.restoreAllMocks()
    document.body.innerHTML = ''
  })

  it('takes the password, says when it is wrong, and answers all requests that wait', async () => {
    const verify = vi
      .spyOn(factorApi, 'verifyPassword')
      .mockRejectedValueOnce(new ApiError(403, 'wrong_password', 'The password is wrong.'))
      .mockResolvedValueOnce(undefined)
    const wrapper = dialog()
    const answers = [reauthenticate('password'), reauthenticate('password')]
    await flushPromises()
    expect(wrapper.find('[name=code]').exists()).toBe(false)
    await wrapper.get('input').setValue('wrong')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(wrapper.text()).toContain('The password is wrong.')
    await wrapper.get('input').setValue('right')
    await wrapper.get('form').trigger('submit')
    await expect(Promise.all(answers)).resolves.toEqual([true, true])
    expect(verify.mock.calls).toEqual([['wrong'], ['right']])
    await flushPromises()
    expect(wrapper.find('form').exists()).toBe(false)
  })

  it('asks for a code where that is needed, and for one thing at a time', async () => {
    const wrapper = dialog()
    const answer = reauthenticate('code')
    await flushPromises()
    expect(wrapper.text()).toContain('This needs a code from your authenticator app.')
    await expect(reauthenticate('password')).resolves.toBe(false)
    await wrapper.get('button.btn-secondary').trigger('click')
    await expect(answer).resolves.toBe(false)
  })
})
