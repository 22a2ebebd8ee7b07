import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'

export type Factor = Schema<'State'>
export type Begun = Schema<'Begun'>

const URL = '/auth/second-factor'
const codes = (answer: { recovery_codes: string[] }) => answer.recovery_codes

export const factorApi = {
  show: () => http.get<{ second_factor: Factor }>(URL).then((answer) => answer.second_factor),
  begin: (password: string) => http.post<Begun>(URL, { password }),
  confirm: (code: string) =>
    http.post<{ recovery_codes: string[] }>(`${URL}/confirm`, { code }).then(codes),
  renewCodes: (code: string) =>
    http.post<{ recovery_codes: string[] }>(`${URL}/recovery-codes`, { code }).then(codes),
  turnOff: (password: string, code: string) => http.post(`${URL}/off`, { password, code }),
  /** Confirm that it is the owner, for what asks for a recent code or password. */
  verifyPassword: (password: string) => http.post('/auth/password/verify', { password }),
  verify: (code: string) => http.post(`${URL}/verify`, { code }),
}
