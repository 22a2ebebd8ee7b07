import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { announce } from '@/shared/browser/announce'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { calmSeconds, clockText, passedMark, useCountdown } from './countdown'
import { sampleOffer } from './sample'

vi.mock('@/shared/browser/announce', () => ({ announce: vi.fn() }))

describe('the time left as text', () => {
  it.each([
    [899.2, '15:00'],
    [61, '1:01'],
    [59.5, '1:00'],
    [0.2, '0:01'],
    [0, '0:00'],
    [-5, '0:00'],
    [3725, '1:02:05'],
  ])('of %s seconds is %s', (seconds, text) => {
    expect(clockText(seconds)).toBe(text)
  })

  it.each([
    [899, 900],
    [61, 120],
    [60, 60],
    [51, 60],
    [9.5, 10],
    [-5, 0],
  ])('of %s seconds stays at %s where motion is to be reduced', (seconds, calm) => {
    expect(calmSeconds(seconds)).toBe(calm)
  })
})

describe('the marks that are announced', () => {
  it.each([
    [301, 300, 300],
    [300, 299, null],
    [200, 199, null],
    // A phone that slept hears what is true now.
    [700, 110, 120],
    [61, 1, 60],
  ])('between %s and %s seconds is %s', (before, now, mark) => {
    expect(passedMark(before, now)).toBe(mark)
  })
})

describe('a countdown', () => {
  const at = (time: string) => new Date(`2026-03-02T${time}Z`)
  const matches = vi.fn()
  beforeEach(async () => {
    vi.useFakeTimers({ now: at('12:00:00'), toFake: ['Date', 'setInterval', 'clearInterval'] })
    matches.mockReturnValue(false)
    vi.mocked(announce).mockClear()
    vi.spyOn(window, 'matchMedia').mockImplementation(
      () =>
        ({ matches: matches(), addEventListener: vi.fn(), removeEventListener: vi.fn() }) as never,
    )
    await setLocale('en')
    await useTexts('features/waitlist')
  })
  afterEach(() => vi.useRealTimers())

  function counting() {
    const view = defineComponent(() => {
      const { text, share, lapsed } = useCountdown(() => sampleOffer())
      return () => h('p', `${text.value} ${share.value.toFixed(2)} ${lapsed.value}`)
    })
    return mount(view, { global: { plugins: [i18n] } })
  }

  it('goes by the second, and is over at its end', async () => {
    const wrapper = counting()
    expect(wrapper.text()).toBe('15:00 1.00 false')
    await vi.advanceTimersByTimeAsync(90_000)
    expect(wrapper.text()).toBe('13:30 0.90 false')
    await vi.advanceTimersByTimeAsync(810_000)
    expect(wrapper.text()).toBe('0:00 0.00 true')
    wrapper.unmount()
  })

  it('announces a few marks of it and not each second', async () => {
    const wrapper = counting()
    await vi.advanceTimersByTimeAsync(1000_000)
    expect(vi.mocked(announce).mock.calls.map(([text]) => text)).toEqual([
      '10 min left to accept',
      '5 min left to accept',
      '2 min left to accept',
      '1 min left to accept',
    ])
    wrapper.unmount()
  })

  it('stands still for a minute where motion is to be reduced', async () => {
    matches.mockReturnValue(true)
    const wrapper = counting()
    await vi.advanceTimersByTimeAsync(5_000)
    const before = wrapper.text()
    await vi.advanceTimersByTimeAsync(50_000)
    expect(wrapper.text()).toBe(before)
    expect(before).toContain('15 min')
    wrapper.unmount()
  })
})
