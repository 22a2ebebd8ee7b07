import type { ExportJob } from '@/shared/api/types'

const SURE_AFTER_S = 10

export const isUnderWay = (job: Pick<ExportJob, 'state'>): boolean =>
  job.state === 'queued' || job.state === 'running'

/**
 * Seconds until the file is ready, by the pace so far; null while nothing can be said (nothing
 * done, size unknown, or too early to judge the pace).
 */
export function secondsLeft(
  job: Pick<ExportJob, 'state' | 'rows_done' | 'rows_total' | 'created_at'>,
  now: Date,
): number | null {
  const elapsed = (now.getTime() - Date.parse(job.created_at)) / 1000
  if (job.state !== 'running' || !job.rows_total || !job.rows_done || elapsed < SURE_AFTER_S)
    return null
  return Math.max(0, Math.ceil((elapsed / job.rows_done) * (job.rows_total - job.rows_done)))
}
