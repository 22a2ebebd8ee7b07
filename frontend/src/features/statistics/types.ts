import type { Schema } from '@/shared/api/types'
import type { SystemPart } from './systemParts'

/** The metrics' shapes. Days are local days of each lot. */
export type AdminStats = Schema<'AdminStatsOut'>
export type LotStatistics = AdminStats['lots'][number]
/** A cell of the heat map with the days that it is made of. */
export type HourStatistics = Schema<'HourOut'>
/** One number; `bookings` is the query of the administrator's list that shows what is behind it. */
export type Metric = Schema<'MetricOut'>
export type Unit = Metric['unit']
/** A driver's month: the stays that ended in it. */
export type UserStats = Schema<'UserStatsOut'>
/** What of the system can be well or not. */
export type SystemHealth = {
  [P in Exclude<SystemPart, 'outbox' | 'names'>]:
    Schema<'PartStatus'> | Extract<Schema<'System'>[P], null>
} & {
  outbox: Pick<Schema<'Outbox'>, 'failed' | 'queued' | 'held_up'>
  names: Pick<Schema<'Names'>, 'count'>
}
