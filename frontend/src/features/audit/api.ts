import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'
import { searched } from '@/shared/list/search/useSearchWords'

/** One change. `before` and `after` hold only what changed; without an actor the system did it. */
export type AuditEntry = Schema<'Entry'>

/** What people call the things whose ids stand in changes: entity → id → name. */
export type AuditNames = Schema<'Entries'>['names']
/** Fields of a change that hold the id of another thing. */
export const REFERENCES: Record<string, string> = {
  spot_id: 'spot',
  lot_id: 'lot',
  user_id: 'user',
  tariff_id: 'tariff',
}

/** What the log can be narrowed to: every kind of thing that it speaks of. */
export const ENTITIES = [
  'user',
  'login_session',
  'api_token',
  'lot',
  'spot',
  'booking',
  'series',
  'waitlist_entry',
  'export',
  'report_batch',
  'retention',
  'system',
] as const

export const auditApi = {
  list: (params: Record<string, string | number | undefined>) =>
    http.get<Schema<'Entries'>>('/api/admin/audit', searched(params)),
}
