import { csvFormat } from '@/shared/format/csvFormat'
import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'
import type { AdminStats, HourStatistics, SystemHealth, UserStats } from './types'

export interface StatsQuery {
  from: string
  to: string
  lot_id?: string
  compare?: boolean
}

/** A cell of the heat map: 0 = Monday, and the local hour. */
export interface HourQuery extends Pick<StatsQuery, 'from' | 'to' | 'lot_id'> {
  weekday: number
  hour: number
}

export type Table = 'figures' | 'days' | 'lots' | 'hours' | 'stays' | 'curve'

export const statisticsApi = {
  admin: async (params: StatsQuery): Promise<AdminStats> =>
    (await http.get<{ stats: AdminStats }>('/api/stats/admin', { params })).stats,
  month: async (month: string): Promise<UserStats> =>
    (await http.get<{ stats: UserStats }>('/api/stats/user', { params: { month } })).stats,
  hour: async (params: HourQuery): Promise<HourStatistics> =>
    (await http.get<{ hour: HourStatistics }>('/api/stats/admin/hour', { params })).hour,
  hourCsv: (query: HourQuery): Promise<Blob> => {
    const entries = Object.entries(query).filter(([, value]) => value !== undefined)
    const params = new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))
    params.set('format', csvFormat.value)
    return http.blob(`/api/stats/admin/hour.csv?${params}`)
  },
  csv: (query: StatsQuery, table: Table): Promise<Blob> => {
    const params = new URLSearchParams({ from: query.from, to: query.to, table })
    params.set('format', csvFormat.value)
    if (query.lot_id) params.set('lot_id', query.lot_id)
    return http.blob(`/api/stats/admin.csv?${params}`)
  },
  system: async (): Promise<SystemHealth> =>
    (await http.get<{ system: SystemHealth }>('/api/admin/system')).system,
  /** The closures of spots that are due while a car is still there. */
  waitingClosures: () =>
    http
      .get<Schema<'ClosuresOut'>>('/api/admin/closures', { params: { waiting: true } })
      .then((answer) => answer.closures),
}
