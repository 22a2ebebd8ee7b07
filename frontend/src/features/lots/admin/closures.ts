import type { Schema, Spot } from '@/shared/api/types'
import type { SpotChange } from './api'

export type Closure = Schema<'ClosureOut'>

/** A closure together with its spot, as a lot lists them. */
export interface SpotClosure extends Closure {
  spot_id: number
  spot_number: number
}

/** What is typed to take spots out of service; times on the lot's wall clock. */
export interface ClosureValues {
  when: 'now' | 'window'
  from: string
  until: string
  reason: string
}

export const noClosure: ClosureValues = { when: 'now', from: '', until: '', reason: '' }

/** The field that is wrong, and the key of a sentence about it; null when all is well. */
export function closureProblem({
  when,
  from,
  until,
}: ClosureValues): { field: 'from' | 'until'; key: string } | null {
  if (when === 'now') return null
  if (!from) return { field: 'from', key: 'adminLots.closure.fromMissing' }
  if (until && until <= from) return { field: 'until', key: 'adminLots.closure.untilEarly' }
  return null
}

/** The change that takes a spot out of service: from now on, or for a window. */
export function closureChange({ when, from, until, reason }: ClosureValues): SpotChange {
  const window = when === 'window' ? { from, until: until || undefined } : {}
  return { out_of_service: true, reason: reason.trim() || undefined, ...window }
}

/** The closures of all spots, the first to begin first. */
export const closuresOf = (spots: readonly Spot[]): SpotClosure[] =>
  spots
    .flatMap(({ id, spot_number, closures }) =>
      closures.map((one) => ({ ...one, spot_id: id, spot_number })),
    )
    .sort((one, other) => one.start.localeCompare(other.start))
