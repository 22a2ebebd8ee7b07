import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'
import { searched } from '@/shared/list/search/useSearchWords'

export type Mail = Schema<'Email'>
export type MailState = Mail['state']
export type MailDetail = Schema<'EmailDetail'>
export type MailContent = Pick<MailDetail, 'text' | 'html' | 'headers'>
/**
 * How delivery stands. `circuit` is open while refused logins keep us from knocking; `hold` is there
 * since a backup was restored.
 */
export type Outbox = Schema<'Outbox'>
export type MailPage = Schema<'EmailsOut'>
/** A line of the schedule; `every` is null for what has no fixed time. */
export type ScheduleLine = Schema<'Line'>
export type DryRun = Schema<'DryRun'>
export type System = Schema<'System'>

/** In the order in which a mail passes through them. */
export const MAIL_STATES = [
  'queued',
  'sending',
  'retrying',
  'failed',
  'sent',
  'suppressed',
  'discarded',
] as const satisfies readonly MailState[]

export type SendNow = 'send-daily-reminder' | 'send-daily-report' | 'send-monthly-report'
type Params = Record<string, string | number | undefined>

export const mailApi = {
  list: (params: Params) => http.get<MailPage>('/api/admin/emails', searched(params)),
  one: async (id: number) =>
    (await http.get<{ email: MailDetail }>(`/api/admin/emails/${id}`)).email,
  retry: async (id: number) =>
    (await http.post<{ email: Mail }>(`/api/admin/emails/${id}/retry`)).email,
  discard: async (id: number) =>
    (await http.post<{ email: Mail }>(`/api/admin/emails/${id}/discard`)).email,
  resume: () => http.post('/api/admin/emails/resume'),
  release: (discard: boolean) => http.post('/api/admin/emails/release', { discard }),
  kinds: async (locale: string) =>
    (
      await http.get<{ kinds: { kind: string; label: string }[] }>('/api/admin/emails/kinds', {
        params: { locale },
      })
    ).kinds,
  /** A kind of mail with sample data. */
  sample: async (kind: string, locale: string) =>
    (
      await http.get<Schema<'PreviewEnvelope'>>(`/api/admin/emails/preview/${kind}`, {
        params: { locale },
      })
    ).preview,
  sendSample: (kind: string, locale: string) =>
    http.post<Schema<'Message'>>(
      `/api/admin/emails/preview/${kind}/send`,
      {},
      { params: { locale } },
    ),
  schedule: async () =>
    (await http.get<{ schedule: ScheduleLine[] }>('/api/admin/schedule')).schedule,
  dryRun: (what: SendNow, force: boolean) =>
    http.post<DryRun>(`/api/admin/${what}`, {}, { params: { dry_run: true, force } }),
  send: (what: SendNow, force: boolean) =>
    http.post<{ message: string }>(`/api/admin/${what}`, {}, { params: { force } }),
  system: async () => (await http.get<{ system: System }>('/api/admin/system')).system,
}
