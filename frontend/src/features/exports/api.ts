import { csvFormat, type CsvFormat } from '@/shared/format/csvFormat'
import { http } from '@/shared/api/http'
import { displayTimezone } from '@/shared/browser/preferences'
import { dayKey } from '@/shared/format/format'
import { serverNow } from '@/shared/time/clock'
import { saveFile } from '@/shared/browser/saveFile'
import { searched } from '@/shared/list/search/useSearchWords'
import type { ExportJob } from '@/shared/api/types'

/** The lists of an administrator that can be saved as they are filtered. */
const LISTS = {
  bookings: '/api/admin/bookings.csv',
  users: '/api/users.csv',
  lots: '/api/admin/lots.csv',
  audit: '/api/admin/audit.csv',
  emails: '/api/admin/emails.csv',
  exports: '/api/exports.csv',
}
export type ListName = keyof typeof LISTS

/** What a file is called in somebody's folder: "parkwell-bookings-2026-11-29.csv". */
const fileName = (what: string, at: string | Date, ending: string) =>
  `parkwell-${what.replaceAll('_', '-')}-${dayKey(at, displayTimezone.value)}.${ending}`

export const exportsApi = {
  start: (kind: ExportJob['kind'], filters: object, format: CsvFormat, idempotencyKey: string) =>
    http
      .post<{ export: ExportJob }>('/api/exports', { kind, filters, format }, { idempotencyKey })
      .then((answer) => answer.export),
  list: () => http.get<{ exports: ExportJob[] }>('/api/exports').then((answer) => answer.exports),
  one: (id: ExportJob['id']) =>
    http.get<{ export: ExportJob }>(`/api/exports/${id}`).then((answer) => answer.export),
  cancel: (id: ExportJob['id']) => http.delete(`/api/exports/${id}`),
  /** Fetches the file and hands it to the browser: a table, or an archive of several. */
  save: async (job: ExportJob) => {
    const file = await http.blob(job.download_url ?? `/api/exports/${job.id}/download`)
    const ending = file.type.includes('zip') ? 'zip' : 'csv'
    saveFile(file, fileName(job.kind, job.created_at, ending))
  },
  /** Saves all rows that the filters of a list select. */
  saveList: async (list: ListName, params: Record<string, string>) => {
    const { q, ...others } = params
    const query = new URLSearchParams({ ...others, format: csvFormat.value })
    const file = await http.blob(`${LISTS[list]}?${query}`, searched({ q }))
    saveFile(file, fileName(list, serverNow(), 'csv'))
  },
}
