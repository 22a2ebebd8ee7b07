import { http, refreshSession } from '@/shared/api/http'
import type { Locale, Schema, Session, SignIn, Site, User } from '@/shared/api/types'

export type ProfileChange = Partial<
  Omit<Schema<'ProfileChange'>, 'mail_preferences'> & Pick<User, 'mail_preferences'>
>

interface NewAccount {
  email: string
  username: string
  password: string
  locale: Locale
}

export const accountsApi = {
  site: () => http.get<{ site: Site }>('/api/public/site').then((answer) => answer.site),
  /** `code` only of an account with a second factor, once the answer has asked for it. */
  login: (body: { email: string; password: string; code?: string }) =>
    http.post<SignIn>('/auth/login', body),
  register: (body: NewAccount) => http.post<SignIn>('/auth/register', body),
  setUp: (body: NewAccount & { token: string }) => http.post<SignIn>('/auth/setup', body),
  changeEmail: (body: { email: string; password: string }) =>
    http.post<{ message: string }>('/auth/email/change', body),
  confirmEmail: (token: string) => http.post<{ message: string }>('/auth/email/confirm', { token }),
  /** Asks for another link that confirms the address of this account. */
  proveEmail: () => http.post<{ message: string }>('/auth/email/proof', {}),
  refresh: refreshSession,
  logout: () => http.post('/auth/logout', {}, { headers: { 'X-Requested-With': 'parkwell' } }),
  logoutAll: () =>
    http.post('/auth/logout-all', {}, { headers: { 'X-Requested-With': 'parkwell' } }),
  me: () => http.get<{ user: User }>('/auth/me').then((answer) => answer.user),
  change: (body: ProfileChange) =>
    http.patch<{ user: User }>('/auth/me', body).then((answer) => answer.user),
  data: () => http.blob('/api/me/data'),
  remove: (password: string) => http.delete('/auth/me', { data: { password } }),
  forgot: (email: string) => http.post<{ message: string }>('/auth/password/forgot', { email }),
  reset: (body: { token: string; password: string }) =>
    http.post<{ message: string }>('/auth/password/reset', body),
  changePassword: (body: { current_password: string; new_password: string }) =>
    http.post('/auth/password/change', body),
  sessions: () => http.get<{ sessions: Session[] }>('/auth/sessions').then((a) => a.sessions),
  endSession: (id: number) => http.delete(`/auth/sessions/${id}`),
}
