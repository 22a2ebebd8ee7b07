import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import { ApiError } from '@/shared/api/errors'
import texts from '@/shared/locales/en.json'
import ConfirmDialog from './ConfirmDialog.vue'

const AppDialog = {
  props: ['open', 'title'],
  template: '<section v-if="open"><h3>{{ title }}</h3><slot /><slot name="actions" /></section>',
}

function dialog(act: () => Promise<string>, extra: { keep?: string; onDone?: () => void } = {}) {
  const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: texts } })
  return mount(ConfirmDialog<string>, {
    props: { open: true, title: 'Remove it?', action: 'Remove', act, ...extra },
    attachTo: document.body,
    slots: { default: 'It is gone then.' },
    global: { plugins: [i18n], stubs: { AppDialog } },
  })
}
type Dialog = ReturnType<typeof dialog>
const press = (wrapper: Dialog, text: string) =>
  wrapper
    .findAll('button')
    .find((one) => one.text() === text)!
    .trigger('click')

describe('a question before something is done', () => {
  it('does it once, then closes and hands on the answer', async () => {
    let answer: (text: string) => void = () => {}
    const act = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)))
    const done = vi.fn()
    const wrapper = dialog(act, { onDone: done })
    expect(wrapper.text()).toContain('It is gone then.')
    await press(wrapper, 'Remove')
    await press(wrapper, 'Remove')
    expect(act).toHaveBeenCalledOnce()
    expect(done).not.toHaveBeenCalled()
    answer('gone')
    await flushPromises()
    expect(done).toHaveBeenCalledExactlyOnceWith('gone')
    expect(wrapper.emitted('update:open')).toEqual([[false]])
  })

  it('hands on the answer also when what it asked about has gone from the screen before', async () => {
    let answer: (text: string) => void = () => {}
    const done = vi.fn()
    const wrapper = dialog(() => new Promise<string>((resolve) => (answer = resolve)), {
      onDone: done,
    })
    await press(wrapper, 'Remove')
    wrapper.unmount()
    answer('gone')
    await flushPromises()
    expect(done).toHaveBeenCalledExactlyOnceWith('gone')
  })

  it('stays open and moves the focus to why it was refused', async () => {
    const done = vi.fn()
    const wrapper = dialog(
      () => Promise.reject(new ApiError(409, 'conflict', 'Somebody was faster.')),
      { onDone: done },
    )
    await press(wrapper, 'Remove')
    await flushPromises()
    expect(wrapper.emitted('update:open')).toBeUndefined()
    expect(done).not.toHaveBeenCalled()
    expect(wrapper.get('[role="alert"]').text()).not.toBe('')
    expect(document.activeElement).toBe(wrapper.get('[role="alert"]').element)
    wrapper.unmount()
  })

  it('does nothing when one cancels', async () => {
    const act = vi.fn(() => Promise.resolve(''))
    const wrapper = dialog(act)
    await press(wrapper, 'Cancel')
    expect(act).not.toHaveBeenCalled()
    expect(wrapper.emitted('update:open')).toEqual([[false]])
  })

  it('says what is kept, where that has words of its own', async () => {
    const wrapper = dialog(() => Promise.resolve(''), { keep: 'Keep my place' })
    await press(wrapper, 'Keep my place')
    expect(wrapper.emitted('update:open')).toEqual([[false]])
  })
})
