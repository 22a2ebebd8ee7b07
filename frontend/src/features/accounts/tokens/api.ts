import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'

export type ApiToken = Schema<'ApiToken'>
export type CreatedApiToken = Schema<'CreatedApiToken'>
export type NewApiToken = Schema<'NewApiToken'>
export type Scope = ApiToken['scopes'][number]

export const SCOPES: readonly Scope[] = [
  'lots:read',
  'bookings:read',
  'bookings:write',
  'stats:read',
  'exports:read',
]

const URL = '/api/tokens'

export const tokensApi = {
  list: () => http.get<{ tokens: ApiToken[] }>(URL).then((answer) => answer.tokens),
  create: (body: NewApiToken) => http.post<CreatedApiToken>(URL, body),
  revoke: (id: number) => http.delete(`${URL}/${id}`),
  /** The lots to which a token can be limited. */
  lots: () =>
    http
      .get<{ lots: { id: number; name: string }[] }>('/api/lots', { params: { limit: 1000 } })
      .then((answer) => answer.lots),
}
