import type { RouteLocationRaw } from 'vue-router'
import type { Lot } from '@/shared/api/types'
import { isCritical, SYSTEM_PARTS, type SystemPart } from './systemParts'
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

const SYSTEM = { name: 'admin-health' }

/** What is not well in one part of the system. */
function alertsOf(part: SystemPart, health: SystemHealth): Alert[] {
  if (part === 'outbox') return mailAlerts(health.outbox)
  const key = `statistics.attention.${part}`
  const common = { key, to: SYSTEM, critical: isCritical(part) }
  if (part === 'names')
    return health.names.count ? [{ ...common, details: { n: health.names.count } }] : []
  return health[part]?.ok === false ? [{ ...common, details: {} }] : []
}

function mailAlerts({ held_up, queued, failed }: SystemHealth['outbox']): Alert[] {
  const alerts: Alert[] = []
  if (held_up)
    alerts.push({
      key: `statistics.attention.mailHeldUp.${held_up}`,
      details: { n: queued },
      to: { name: 'admin-mail' },
      critical: isCritical('outbox'),
    })
  if (failed)
    alerts.push({
      key: 'statistics.attention.mail',
      details: { n: failed },
      to: { name: 'admin-mail', query: { state: 'failed' } },
      critical: isCritical('outbox'),
    })
  return alerts
}

/** What does not run, what was not delivered, what ends soon or is behind, cars that stay too long or are in the way of a closure, and which lots have no spot left. Gravest first. */
export function attention(
  health: SystemHealth | undefined,
  lots: readonly Lot[],
  overstays = 0,
  waiting: readonly WaitingClosure[] = [],
): Alert[] {
  const alerts = health
    ? SYSTEM_PARTS.flatMap((part) => alertsOf(part, health)).sort(
        (one, other) => Number(other.critical) - Number(one.critical),
      )
    : []
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
