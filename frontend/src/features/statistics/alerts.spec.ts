import { describe, expect, it } from 'vitest'
import type { Lot } from '@/shared/api/types'
import { attention } from './alerts'
import de from './admin/locales/de.json'
import en from './admin/locales/en.json'
import { SYSTEM_PARTS } from './systemParts'
import type { SystemHealth } from './types'

const good = { ok: true, detail: '' }
const health: SystemHealth = {
  database: good,
  redis: good,
  worker: good,
  beat: good,
  disk: good,
  backup: good,
  mail_certificate: null,
  replicas: null,
  encryption: good,
  outbox: { failed: 0, queued: 3, held_up: null },
  names: { count: 0 },
}
const lot = (id: number, changes: Partial<Lot> = {}) =>
  ({
    id,
    name: `Lot ${id}`,
    capacity: 10,
    available_spots: 5,
    out_of_service_spots: 0,
    ...changes,
  }) as Lot

describe('what needs attention', () => {
  it('is nothing while all is well', () => {
    expect(attention(health, [lot(1)])).toEqual([])
    expect(attention(undefined, [])).toEqual([])
  })

  it.each(SYSTEM_PARTS)('is every part that the system page calls a problem: %s', (part) => {
    const bad = { ok: false, detail: '', count: 1, failed: 1, queued: 0, held_up: null }
    const alerts = attention({ ...health, [part]: bad }, [])
    expect(alerts).toHaveLength(1)
    const text = alerts[0]!.key.split('.').at(-1)!
    expect([en, de].map((one) => text in one.statistics.attention)).toEqual([true, true])
  })

  it.each(['restored', 'no_server', 'login_refused', 'late'] as const)(
    'is mail that waits in vain: %s',
    (held_up) => {
      const [alert] = attention({ ...health, outbox: { failed: 0, queued: 3, held_up } }, [])
      expect(alert).toMatchObject({
        key: `statistics.attention.mailHeldUp.${held_up}`,
        details: { n: 3 },
        to: { name: 'admin-mail' },
        critical: true,
      })
    },
  )
  it('is a certificate that ends soon and a replica that is behind; a missing backup is graver', () => {
    const bad = { ok: false, detail: '' }
    const alerts = attention(
      { ...health, backup: bad, mail_certificate: bad, replicas: bad, names: { count: 1 } },
      [],
    )
    expect(alerts.map((one) => [one.key, one.critical])).toEqual([
      ['statistics.attention.backup', true],
      ['statistics.attention.mail_certificate', false],
      ['statistics.attention.replicas', false],
      ['statistics.attention.names', false],
    ])
    expect(alerts.every((one) => (one.to as { name: string }).name === 'admin-health')).toBe(true)
    expect(attention({ ...health, mail_certificate: good, replicas: good }, [])).toEqual([])
  })

  it('is cars that stay after their time has ended, with the list of them', () => {
    expect(attention(health, [lot(1)], 2)).toEqual([
      {
        key: 'statistics.attention.overstays',
        details: { n: 2 },
        to: { name: 'admin-bookings', query: { overstayed: 'true' } },
        critical: false,
      },
    ])
  })

  it('is a closure that waits for a car, with its spot', () => {
    const waiting = [{ lot_id: 1, lot_name: 'Harbour', spot_number: 3 }]
    expect(attention(health, [lot(1)], 0, waiting)).toEqual([
      {
        key: 'statistics.attention.closureWaits',
        details: { lot: 'Harbour', spot: 3 },
        to: { name: 'admin-lot', params: { id: 1 }, query: { spot: 3 } },
        critical: false,
      },
    ])
  })

  it('is what does not run, undelivered mail, full and closed places, gravest first', () => {
    const alerts = attention(
      {
        ...health,
        worker: { ok: false, detail: '' },
        outbox: { failed: 2, queued: 0, held_up: null },
      },
      [lot(1, { available_spots: 0 }), lot(2, { out_of_service_spots: 3 })],
    )
    expect(alerts.map((one) => [one.key, one.critical])).toEqual([
      ['statistics.attention.worker', true],
      ['statistics.attention.mail', true],
      ['statistics.attention.full', false],
      ['statistics.attention.closed', false],
    ])
    expect(alerts[1]!.details).toEqual({ n: 2 })
    expect(alerts[2]!.to).toEqual({ name: 'admin-lot', params: { id: 1 } })
  })

  it('is a name that two accounts or lots share', () => {
    const [alert] = attention({ ...health, names: { count: 2 } }, [])
    expect(alert).toMatchObject({
      key: 'statistics.attention.names',
      details: { n: 2 },
      critical: false,
    })
  })

  it('does not call an empty lot full', () => {
    expect(attention(health, [lot(1, { capacity: 0, available_spots: 0 })])).toEqual([])
  })
})
