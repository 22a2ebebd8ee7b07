import type { CsvFormat } from '@/shared/format/csvFormat'
import { http } from '@/shared/api/http'
import { saveFile } from '@/shared/browser/saveFile'
import type { ExportJob } from '@/shared/api/types'

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
    saveFile(file, `${job.kind}-${job.id}.${file.type.includes('zip') ? 'zip' : 'csv'}`)
  },
}
