import { http } from '@/shared/http'

export const MAIL_STATES = [
  'queued',
  'sending',
  'retrying',
  'failed',
  'sent',
  'suppressed',
  'discarded',
] as const
export type MailState = (typeof MAIL_STATES)[number]

export interface Mail {
  id: number
  kind: string
  recipient: string
  subject: string
  state: MailState
  attempts: number
  last_reply: string | null
  created_at: string
  next_attempt_at: string | null
  sent_at: string | null
  booking_id: number | null
  user_id: number | null
  message_id: string
}

export interface MailContent {
  text: string
  html: string
  headers: { name: string; value: string }[]
}

export type MailDetail = Mail & MailContent & { attachments: string[] }

/** How delivery stands. `circuit` is open while refused logins keep us from knocking. */
export interface Outbox {
  configured: boolean
  detail: string | null
  oldest_unsent_seconds: number | null
  queued: number
  failed: number
  circuit: {
    state: 'closed' | 'open'
    until: string | null
    login_failures: number
    last_reply: string | null
  }
}

export interface MailPage {
  emails: Mail[]
  next: string | null
  counts: Partial<Record<MailState, number>>
  outbox: Outbox
}

/** A line of the timetable; `every` is null for what has no fixed time. */
export interface ScheduleLine {
  kind: string
  description: string
  every: 'day' | 'month' | null
  time: string | null
  timezone: string | null
  running: boolean
  last_period: string | null
  last_run: string | null
  last_count: number | null
  next_run: string | null
}

export interface DryRun {
  message: string
  recipients: number
  mails: number
  addresses: string[]
}

export interface Light {
  ok: boolean
  detail: string
}

export interface System {
  database: Light & { kind: string; version: string }
  redis: Light
  worker: Light & { last_seen: string | null }
  beat: Light & { last_seen: string | null }
  outbox: Outbox
  disk: Light & { free_bytes: number; total_bytes: number }
  version: string
}

export type SendNow = 'send-daily-reminder' | 'send-daily-report' | 'send-monthly-report'
type Params = Record<string, string | number | undefined>

export const mailApi = {
  list: (params: Params) => http.get<MailPage>('/api/admin/emails', { params }),
  one: async (id: number) =>
    (await http.get<{ email: MailDetail }>(`/api/admin/emails/${id}`)).email,
  retry: async (id: number) =>
    (await http.post<{ email: Mail }>(`/api/admin/emails/${id}/retry`)).email,
  discard: async (id: number) =>
    (await http.post<{ email: Mail }>(`/api/admin/emails/${id}/discard`)).email,
  resume: () => http.post('/api/admin/emails/resume'),
  kinds: async (locale: string) =>
    (
      await http.get<{ kinds: { kind: string; label: string }[] }>('/api/admin/emails/kinds', {
        params: { locale },
      })
    ).kinds,
  schedule: async () =>
    (await http.get<{ schedule: ScheduleLine[] }>('/api/admin/schedule')).schedule,
  dryRun: (what: SendNow, force: boolean) =>
    http.post<DryRun>(`/api/admin/${what}`, {}, { params: { dry_run: true, force } }),
  send: (what: SendNow, force: boolean) =>
    http.post<{ message: string }>(`/api/admin/${what}`, {}, { params: { force } }),
  system: async () => (await http.get<{ system: System }>('/api/admin/system')).system,
}
