import { mount } from '@vue/test-utils'
import { defineComponent, h } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { useForm, type Form } from './useForm'

interface Values {
  email: string
}

/** A form inside a component, as it is always used. */
function form(submit: (values: Values) => Promise<void>): Form<Values> {
  let instance!: Form<Values>
  mount(
    defineComponent(() => {
      instance = useForm<Values>({
        initial: { email: '' },
        check: ({ email }): Record<string, string> => (email ? {} : { email: 'Enter it' }),
        submit,
      })
      return () => h('form')
    }),
  )
  return instance
}

describe('a form', () => {
  it('is checked on submit, and sent only when all is well', async () => {
    const submit = vi.fn(async () => undefined)
    const { values, errors, submit: send } = form(submit)
    await send()
    expect(errors.value).toEqual({ email: 'Enter it' })
    expect(submit).not.toHaveBeenCalled()
    values.email = 'a@example.com'
    await send()
    expect(errors.value).toEqual({})
    expect(submit).toHaveBeenCalledOnce()
  })

  it('ignores a second submit while one is under way', async () => {
    let finish!: () => void
    const submit = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)))
    const { values, submit: send, busy } = form(submit)
    values.email = 'x'
    const first = send()
    await send()
    expect(submit).toHaveBeenCalledOnce()
    expect(busy.value).toBe(true)
    finish()
    await first
    expect(busy.value).toBe(false)
  })

  it('puts the server’s words at the field they are about, and keeps what was typed', async () => {
    const refused = new ApiError(422, 'invalid', 'Wrong.', { email: ['Taken'], unknown: ['x'] })
    const { values, errors, problem, submit: send } = form(() => Promise.reject(refused))
    values.email = 'a@example.com'
    await send()
    expect(errors.value).toEqual({ email: 'Taken' })
    expect(problem.value).toBeNull()
    expect(values.email).toBe('a@example.com')
  })

  it('keeps an error that belongs to no field for the summary', async () => {
    const {
      values,
      problem,
      submit: send,
    } = form(() => Promise.reject(new ApiError(500, 'x', 'Ill')))
    values.email = 'x'
    await send()
    expect(problem.value?.status).toBe(500)
  })
})
