import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import TextField from './TextField.vue'

it('is labelled, hands on what an input may have, and keeps its class', async () => {
  const wrapper = mount(TextField, {
    props: {
      modelValue: 'A',
      name: 'level',
      label: 'Level',
      error: 'Too long',
      'onUpdate:modelValue': (modelValue: string) => wrapper.setProps({ modelValue }),
    },
    attrs: { class: 'wide', maxlength: '20', autocomplete: 'nickname' },
  })
  const input = wrapper.get('input')
  expect(wrapper.classes()).toEqual(['wide'])
  expect(input.attributes()).toMatchObject({
    class: 'form-control',
    type: 'text',
    name: 'level',
    maxlength: '20',
    autocomplete: 'nickname',
    'aria-invalid': 'true',
  })
  expect(wrapper.get('label').attributes('for')).toBe(input.attributes('id'))
  expect(input.attributes('aria-describedby')).toBe(wrapper.get('.pw-field-error').attributes('id'))
  await input.setValue('B')
  expect(wrapper.props('modelValue')).toBe('B')
})
