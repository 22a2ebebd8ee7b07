import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import DayField from './DayField.vue'

describe('a day that is typed', () => {
  it('counts once its year is whole', async () => {
    const wrapper = mount(DayField, { props: { label: 'From', modelValue: '' } })
    for (const value of ['0002-11-30', '0020-11-30', '0202-11-30', '2026-11-30', ''])
      await wrapper.get('input').setValue(value)
    expect(wrapper.emitted('update:modelValue')).toEqual([['2026-11-30'], ['']])
  })
})
