import type { ScheduleLine, SendNow } from '@/features/mail/api'

const RUNS: Record<string, SendNow> = {
  inactivity_reminder: 'send-daily-reminder',
  admin_daily_report: 'send-daily-report',
  user_monthly_report: 'send-monthly-report',
  admin_monthly_report: 'send-monthly-report',
}

/** What sends this line now; null for what goes out by itself alone. Both monthly reports go together. */
export const runOf = (line: Pick<ScheduleLine, 'kind'>): SendNow | null => RUNS[line.kind] ?? null
