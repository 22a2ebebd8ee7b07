import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import type { TimeWindow } from './windows'
import WindowPicker from './WindowPicker.vue'

/** A picker whose parent takes over what it emits, at 10:07 in Berlin. */
function picker(modelValue: TimeWindow | null = null) {
  const wrapper = mount(WindowPicker, {
    props: {
      modelValue,
      timezone: 'Europe/Berlin',
      'onUpdate:modelValue': (window: TimeWindow | null) =>
        wrapper.setProps({ modelValue: window }),
    },
    global: { plugins: [i18n] },
  })
  return wrapper
}
type Picker = ReturnType<typeof picker>
const press = (wrapper: Picker, text: string) =>
  wrapper
    .findAll('button')
    .find((one) => one.text() === text)!
    .trigger('click')
const last = (wrapper: Picker) => wrapper.emitted<[TimeWindow | null]>('update:modelValue')?.at(-1)

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-03-02T09:07:00Z'), toFake: ['Date'] })
  await setLocale('en')
  await useTexts('features/bookings/window')
})
afterEach(() => vi.useRealTimers())

describe('the window picker', () => {
  it('sets a preset in the wall clock of the lot', async () => {
    const wrapper = picker()
    await press(wrapper, 'Tomorrow 9–17')
    expect(last(wrapper)).toEqual([{ from: '2026-03-03T09:00', to: '2026-03-03T17:00' }])
    expect(wrapper.find('input').exists()).toBe(false)
  })

  it('shows a window that was there before it, such as that of a link', () => {
    const wrapper = picker({ from: '2026-03-03T08:30:00Z', to: '2026-03-03T10:00:00Z' })
    const times = wrapper.findAll('input').map((one) => one.element.value)
    expect(times).toEqual(['2026-03-03T09:30', '2026-03-03T11:00'])
    expect(wrapper.emitted('update:modelValue')).toBeUndefined()
  })

  it('starts a custom time from the window that is set', async () => {
    const wrapper = picker()
    await press(wrapper, 'Tomorrow 8–12')
    await press(wrapper, 'Other time')
    const [from, to] = wrapper.findAll('input')
    expect([from!.element.value, to!.element.value]).toEqual([
      '2026-03-03T08:00',
      '2026-03-03T12:00',
    ])
  })

  it('has no window while the end is before the start, and says so', async () => {
    const wrapper = picker()
    await press(wrapper, 'Other time')
    const [from, to] = wrapper.findAll('input')
    await from!.setValue('2026-03-04T10:00')
    await to!.setValue('2026-03-04T09:00')
    expect(wrapper.props('modelValue')).toBeNull()
    expect(wrapper.text()).toContain('The end must be after the start')
    await to!.setValue('2026-03-04T12:00')
    expect(last(wrapper)).toEqual([{ from: '2026-03-04T10:00', to: '2026-03-04T12:00' }])
  })

  it('shows a window that is set from outside as a custom time', async () => {
    const wrapper = picker()
    await press(wrapper, 'Tomorrow 9–17')
    await wrapper.setProps({
      modelValue: { from: '2026-03-05T08:00:00Z', to: '2026-03-05T09:00:00Z' },
    })
    expect(wrapper.findAll('input').map((one) => one.element.value)).toEqual([
      '2026-03-05T09:00',
      '2026-03-05T10:00',
    ])
  })
})
