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

const PROGRAMS = ['database', 'redis', 'worker', 'beat', 'disk'] as const

/** What does not run, what was not delivered, and which lots have no spot left. Gravest first. */
export function attention(lights: SystemHealth | undefined, lots: readonly Lot[]): Alert[] {
  const alerts: Alert[] = []
  const system = { name: 'admin-mail', query: { view: 'system' } }
  for (const name of PROGRAMS) {
    if (lights && lights[name] && !lights[name].ok)
      alerts.push({ key: `statistics.attention.${name}`, details: {}, to: system, critical: true })
  }
  const failed = Number(lights?.outbox.failed ?? 0)
  if (failed)
    alerts.push({
      key: 'statistics.attention.mail',
      details: { n: failed },
      to: { name: 'admin-mail', query: { state: 'failed' } },
      critical: true,
    })
  const twins = lights?.names.count ?? 0
  if (twins)
    alerts.push({
      key: 'statistics.attention.names',
      details: { n: twins },
      to: system,
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
