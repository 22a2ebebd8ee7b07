import type { FieldErrors } from '@/shared/form/useForm'

/** Checks of account forms. They answer message keys; the server has the last word. */
type Keys = Record<string, string | false>

const present = (errors: Keys): FieldErrors =>
  Object.fromEntries(
    Object.entries(errors).filter((entry): entry is [string, string] => !!entry[1]),
  )

/** Only what no address can lack; whether it exists, the mail will tell. */
export const looksLikeEmail = (text: string): boolean => /^\S+@\S+\.\S+$/.test(text.trim())

export function checkLogin(values: { email: string; password: string }): FieldErrors {
  return present({
    email: !looksLikeEmail(values.email) && 'account.problem.email',
    password: !values.password && 'account.problem.password',
  })
}

export function checkRegister(
  values: { email: string; username: string; password: string },
  minLength: number,
): FieldErrors {
  return present({
    email: !looksLikeEmail(values.email) && 'account.problem.email',
    username: !values.username.trim() && 'account.problem.username',
    password: values.password.length < minLength && 'account.problem.passwordShort',
  })
}
