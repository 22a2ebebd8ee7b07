import { http } from '@/shared/http'
import type { ExportJob } from '@/shared/types'

export const exportsApi = {
  start: (kind: ExportJob['kind'], filters: object, idempotencyKey: string) =>
    http
      .post<{ export: ExportJob }>('/api/exports', { kind, filters }, { idempotencyKey })
      .then((answer) => answer.export),
  list: () => http.get<{ exports: ExportJob[] }>('/api/exports').then((answer) => answer.exports),
  one: (id: ExportJob['id']) =>
    http.get<{ export: ExportJob }>(`/api/exports/${id}`).then((answer) => answer.export),
  cancel: (id: ExportJob['id']) => http.delete(`/api/exports/${id}`),
  file: (job: ExportJob) => http.blob(job.download_url ?? `/api/exports/${job.id}/download`),
}
