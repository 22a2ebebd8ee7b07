import { nextTick, reactive, ref, useTemplateRef, type Ref } from 'vue'
import { ApiError, asApiError } from '@/shared/api/errors'
import { fieldText } from '@/shared/api/useErrorText'

export type FieldErrors = Record<string, string>
/** Returns one sentence per field that is wrong; an empty record when all is well. */
export type Check<T> = (values: T) => FieldErrors

export interface Form<T extends object> {
  values: T
  errors: Ref<FieldErrors>
  /** What went wrong that belongs to no field. */
  problem: Ref<ApiError | null>
  busy: Ref<boolean>
  submit: () => Promise<void>
}

/**
 * A form is its values, a check and what to do on submit. It is checked on submit only; what was
 * typed stays; errors stand at their field and in `<ErrorSummary ref="summary">`, which takes the
 * focus. A second submit
 * while one is under way is ignored.
 */
export function useForm<T extends object>(options: {
  initial: T
  check?: Check<T>
  submit: (values: T) => Promise<void>
}): Form<T> {
  const values = reactive({ ...options.initial }) as T
  const errors = ref<FieldErrors>({})
  const problem = ref<ApiError | null>(null)
  const busy = ref(false)
  // The form's `<ErrorSummary ref="summary">`.
  const summary = useTemplateRef<{ focus: () => void }>('summary')

  async function showErrors(): Promise<void> {
    await nextTick()
    summary.value?.focus()
  }

  async function submit(): Promise<void> {
    if (busy.value) return
    problem.value = null
    errors.value = options.check?.(values) ?? {}
    if (Object.keys(errors.value).length > 0) return showErrors()
    busy.value = true
    try {
      await options.submit(values)
    } catch (thrown) {
      const error = asApiError(thrown)
      errors.value = ofThisForm(error, values)
      problem.value = Object.keys(errors.value).length > 0 ? null : error
      await showErrors()
    } finally {
      busy.value = false
    }
  }

  return { values, errors, problem, busy, submit }
}

/** What the server found wrong with the fields this form has. */
function ofThisForm(error: ApiError, values: object): FieldErrors {
  const names = Object.keys(error.fields).filter((name) => name in values)
  return Object.fromEntries(names.map((name) => [name, fieldText(error, name)]))
}
