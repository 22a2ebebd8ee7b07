import { http } from '@/shared/api/http'
import type { BookingEnvelope, Need, Schema } from '@/shared/api/types'

export type Series = Schema<'SeriesOut'>
export type SeriesDate = Schema<'DateOut'>
export type Preview = Schema<'SeriesPreview'>
export type Weekday = Series['days'][number]
export type SeriesBooked = Schema<'SeriesBooked'>
export type SeriesEnded = Schema<'SeriesEnded'>
export type SeriesEnvelope = Schema<'SeriesEnvelope'>
export type RangeCancelled = Schema<'RangeCancelled'>

/** The dates of a series by rule; times are wall times of the lot. */
export type SeriesRule = {
  lot_id: number
  start_time: string
  end_time: string
  days: Weekday[]
  every_weeks: number
  from: string
  spot_id?: number
  vehicle_plate?: string
  needs?: Need[]
} & ({ until: string } | { count: number })

export type NewSeries = SeriesRule & { accept: string[]; wait_if_full: boolean }

export const seriesApi = {
  preview: (rule: SeriesRule) => http.post<Preview>('/api/series/preview', rule),
  create: (series: NewSeries, idempotencyKey: string) =>
    http.post<SeriesBooked>('/api/series', series, { idempotencyKey }),
  one: (id: number) => http.get<SeriesEnvelope>(`/api/series/${id}`),
  /** Gives up the date `from` and those after it; without it all that are to come. */
  end: (id: number, from?: string) =>
    http.delete<SeriesEnded>(`/api/series/${id}`, { params: from ? { from } : {} }),
  shorten: (bookingId: number, until: string) =>
    http.post<BookingEnvelope>(`/api/bookings/${bookingId}/shorten`, { until }),
  cancelRange: (range: { from: string; until: string }, dryRun: boolean) =>
    http.post<RangeCancelled>('/api/bookings/cancel-range', { ...range, dry_run: dryRun }),
}
