import type { RouteLocationRaw } from 'vue-router'
import type { Lot } from '@/shared/api/types'
import type { SystemHealth } from './types'

/** Something an administrator should look at: a message key, what fills it, and where to go. Pure. */
export interface Alert {
  key: string
  details: Record<string, string | number>
  to: RouteLocationRaw
  critical: boolean
}

/** A closure that is due while a car is still on its spot. */
export interface WaitingClosure {
  lot_id: number
  lot_name: string
  spot_number: number
}

const CRITICAL = ['database', 'redis', 'worker', 'beat', 'disk', 'backup'] as const
/** There is time for these, and some systems do not have them. */
const WARNINGS = ['mail_certificate', 'replicas'] as const
type Part = (typeof CRITICAL)[number] | (typeof WARNINGS)[number]

/** What does not run, what was not delivered, what ends soon or is behind, cars that stay too long or are in the way of a closure, and which lots have no spot left. Gravest first. */
export function attention(
  health: SystemHealth | undefined,
  lots: readonly Lot[],
  overstays = 0,
  waiting: readonly WaitingClosure[] = [],
): Alert[] {
  const alerts: Alert[] = []
  const system = { name: 'admin-health' }
  const unwell = (names: readonly Part[], critical: boolean) => {
    for (const name of names)
      if (health?.[name]?.ok === false)
        alerts.push({ key: `statistics.attention.${name}`, details: {}, to: system, critical })
  }
  unwell(CRITICAL, true)
  if (health?.outbox.held_up)
    alerts.push({
      key: `statistics.attention.mailHeldUp.${health.outbox.held_up}`,
      details: { n: health.outbox.queued },
      to: { name: 'admin-mail' },
      critical: true,
    })
  const failed = Number(health?.outbox.failed ?? 0)
  if (failed)
    alerts.push({
      key: 'statistics.attention.mail',
      details: { n: failed },
      to: { name: 'admin-mail', query: { state: 'failed' } },
      critical: true,
    })
  unwell(WARNINGS, false)
  const duplicates = health?.names.count ?? 0
  if (duplicates)
    alerts.push({
      key: 'statistics.attention.names',
      details: { n: duplicates },
      to: system,
      critical: false,
    })
  if (overstays)
    alerts.push({
      key: 'statistics.attention.overstays',
      details: { n: overstays },
      to: { name: 'admin-bookings', query: { overstayed: 'true' } },
      critical: false,
    })
  for (const { lot_id, lot_name, spot_number } of waiting)
    alerts.push({
      key: 'statistics.attention.closureWaits',
      details: { lot: lot_name, spot: spot_number },
      to: { name: 'admin-lot', params: { id: lot_id }, query: { spot: spot_number } },
      critical: false,
    })
  for (const lot of lots) {
    const to = { name: 'admin-lot', params: { id: lot.id } }
    if (lot.capacity && lot.available_spots === 0)
      alerts.push({
        key: 'statistics.attention.full',
        details: { lot: lot.name },
        to,
        critical: false,
      })
    if (lot.out_of_service_spots)
      alerts.push({
        key: 'statistics.attention.closed',
        details: { n: lot.out_of_service_spots, lot: lot.name },
        to,
        critical: false,
      })
  }
  return alerts
}
