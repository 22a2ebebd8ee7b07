import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'

/** One change. `before` and `after` hold only what changed; without an actor the system did it. */
export type AuditEntry = Schema<'Entry'>

export const ENTITIES = [
  'user',
  'login_session',
  'lot',
  'spot',
  'booking',
  'export',
  'report_batch',
] as const

export const auditApi = {
  list: (params: Record<string, string | number | undefined>) =>
    http.get<Schema<'Entries'>>('/api/admin/audit', { params }),
}
