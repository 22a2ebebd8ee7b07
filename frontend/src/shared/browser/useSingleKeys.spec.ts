import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { singleKeys } from './preferences'
import { useSingleKeys } from './useSingleKeys'

const search = vi.fn()
let scope: EffectScope

const press = (key: string, on: Element = document.body, more: KeyboardEventInit = {}) =>
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))

beforeEach(() => {
  search.mockReset()
  singleKeys.value = true
  document.body.innerHTML = '<input /><dialog></dialog>'
  scope = effectScope()
  scope.run(() => useSingleKeys({ '/': search }))
})
afterEach(() => scope.stop())

it('does what the key stands for', () => {
  press('/')
  press('x')
  expect(search).toHaveBeenCalledOnce()
})

it('keeps out of the way of typing, of the browser’s own keys and of dialogs', () => {
  press('/', document.querySelector('input')!)
  press('/', document.body, { ctrlKey: true })
  document.querySelector('dialog')!.setAttribute('open', '')
  press('/')
  expect(search).not.toHaveBeenCalled()
})

it('can be turned off, and ends with its component', () => {
  singleKeys.value = false
  press('/')
  singleKeys.value = true
  scope.stop()
  press('/')
  expect(search).not.toHaveBeenCalled()
})
