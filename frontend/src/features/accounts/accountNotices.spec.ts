import { shallowMount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import AccountNotices from './components/AccountNotices.vue'
import ReplacedNotice from './components/ReplacedNotice.vue'

vi.mock('vue-router', () => ({ useRoute: () => ({ name: 'home' }) }))
vi.mock('@/features/accounts/useSite', () => ({ useSite: () => ({ data: { value: undefined } }) }))

const NOTE = 'pw-replaced'
const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: {} } })
function notices(replaced: boolean) {
  sessionStorage.setItem(NOTE, JSON.stringify({ name: 'anna' }))
  const stubs = { ReplacedNotice: false, NoticeBar: true }
  return shallowMount(AccountNotices, { props: { replaced }, global: { plugins: [i18n], stubs } })
}

describe('the notices of an account', () => {
  afterEach(() => sessionStorage.clear())

  it('leave the note of a page that starts next where it is', () => {
    expect(notices(false).findComponent(ReplacedNotice).exists()).toBe(false)
    expect(sessionStorage.getItem(NOTE)).not.toBeNull()
  })

  it('read the note that this page was started with', () => {
    expect(notices(true).findComponent(ReplacedNotice).exists()).toBe(true)
    expect(sessionStorage.getItem(NOTE)).toBeNull()
  })
})
