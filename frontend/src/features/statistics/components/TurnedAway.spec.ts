import { mount, RouterLinkStub } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import TurnedAway from './TurnedAway.vue'

const NONE = { joined: 0, claimed: 0, declined: 0, lapsed: 0, expired: 0, left: 0 }
const view = (counts: Partial<typeof NONE>) =>
  mount(TurnedAway, {
    props: { counts: { ...NONE, ...counts } },
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })

beforeAll(async () => {
  await setLocale('en')
  await useTexts('features/statistics/admin')
})

describe('the waitlists of a period', () => {
  it('says first how many got no spot, then who joined and how places ended', () => {
    const text = view({ joined: 1234, claimed: 5, expired: 6 }).text()
    expect(text).toMatch(
      /6 people waited and got no spot.*No spot in time.*6.*Joined.*1,?234.*Accepted an offer.*5/s,
    )
    expect(view({ joined: 1 }).text()).toContain('Nobody waited in vain.')
  })

  it('says when nobody had to wait', () => {
    const wrapper = view({})
    expect(wrapper.text()).toContain('Nobody joined a waitlist in this period.')
    expect(wrapper.find('dl').exists()).toBe(false)
  })
})
