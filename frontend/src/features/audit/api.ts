import { http } from '@/shared/http'

/** One change. `before` and `after` hold only what changed; without an actor the system did it. */
export interface AuditEntry {
  id: number
  at: string
  actor_id: number | null
  actor_email: string | null
  action: string
  entity: string
  entity_id: number | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  request_id: string | null
}

interface AuditPage {
  entries: AuditEntry[]
  next: string | null
}

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
    http.get<AuditPage>('/api/admin/audit', { params }),
}
