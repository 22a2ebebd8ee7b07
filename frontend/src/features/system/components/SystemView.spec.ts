import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { mailApi, type System } from '@/features/mail/api'
import { SYSTEM_PARTS } from '@/features/statistics/systemParts'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import SystemView from './SystemView.vue'

const good = { ok: true, detail: '' }
const DAY = 86_400_000
const later = (days: number) => new Date(Date.now() + days * DAY).toISOString()
const all = {
  database: { ...good, kind: 'postgresql', version: '18.1' },
  redis: good,
  worker: { ...good, last_seen: later(0) },
  beat: { ...good, last_seen: later(0) },
  outbox: {
    ...good,
    queued: 0,
    failed: 0,
    oldest_unsent_seconds: null,
    configured: true,
    circuit: { state: 'closed' },
  },
  disk: { ...good, free_bytes: 1e9, total_bytes: 2e9 },
  names: { ...good, count: 0 },
  backup: { ...good, last_at: null, file: null, size_bytes: null },
  mail_certificate: null,
  replicas: null,
  encryption: { ...good, unencrypted: [] },
  version: '1',
}

async function view(values: Partial<System>, locale: 'en' | 'de' = 'en') {
  vi.spyOn(mailApi, 'system').mockResolvedValue({ ...all, ...values } as System)
  await setLocale(locale)
  await useTexts('features/mail', 'features/system')
  const wrapper = mount(SystemView, {
    global: { plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]] },
  })
  await flushPromises()
  return wrapper.text()
}

const certificate = (days: number | null) => ({
  ok: days === null || days > 14,
  detail: '',
  host: 'mail.example.com',
  expires_at: days === null ? null : later(days),
})
const replicas = (lag: number | null, values: object = {}) => ({
  ok: true,
  detail: 'GRANT pg_read_all_stats TO parking',
  visible: true,
  replicas: [{ name: 'reports', state: 'streaming', lag_seconds: lag }],
  ...values,
})

describe('the system page', () => {
  it('names the setting that a site without a mail server lacks', async () => {
    expect(await view({})).not.toContain('SMTP_HOST')
    const outbox = { ...all.outbox, configured: false } as System['outbox']
    expect(await view({ outbox })).toContain('SMTP_HOST')
  })

  it('calls no backup yet neither well nor a problem', async () => {
    const ok = (text: string) => text.match(/OK/g)?.length
    const none = await view({})
    const backup = { ...all.backup, last_at: later(-1), size_bytes: 1 } as System['backup']
    expect(none).toMatch(/Backup\s*Not yet/)
    expect(ok(await view({ backup }))).toBe(ok(none)! + 1)
  })

  it('names the day on which a program or a backup was last there, where that is not today', async () => {
    const day = new Intl.DateTimeFormat('en', { month: 'short', timeZone: 'UTC' })
    const month = day.format(new Date(later(-9)))
    const worker = { ok: false, detail: '', last_seen: later(-9) }
    expect(await view({ worker })).toMatch(new RegExp(`Last seen .*${month}`))
    const backup = { ...all.backup, ok: false, last_at: later(-9) } as System['backup']
    expect(await view({ backup })).toMatch(new RegExp(`Last scheduled backup .*${month}`))
    expect(await view({})).not.toContain(month)
  })

  it('does not name what a system does not have', async () => {
    const text = await view({})
    expect(text).toContain('All systems operational')
    expect(text).not.toContain('Certificate')
    expect(text).not.toContain('Replicas')
  })

  it('says until when the certificate of the mail server is valid', async () => {
    expect(await view({ mail_certificate: certificate(null) })).toContain('not known until')
    expect(await view({ mail_certificate: certificate(90) })).toContain('valid until')
    const soon = await view({ mail_certificate: certificate(3) })
    expect(soon).toContain('valid until')
    expect(soon).toContain('Renew the certificate')
    expect(await view({ mail_certificate: certificate(-1) })).toContain('expired on')
  })

  it('shows every part that the overview warns of', async () => {
    await setLocale('en')
    await useTexts('features/system')
    const values = { mail_certificate: certificate(3), replicas: replicas(1) }
    const text = await view(values)
    const names = SYSTEM_PARTS.map((part) => i18n.global.t(`system.part.${part}`))
    const places = names.map((name) => text.indexOf(name))
    expect(places).not.toContain(-1)
    expect(places).toEqual([...places].sort((one, other) => one - other))
  })

  it('says how far each replica is behind', async () => {
    expect(await view({ replicas: replicas(0.2) })).toContain('reports: up to date')
    expect(await view({ replicas: replicas(null) })).toContain('reports: lag not known yet')
    const late = await view({ replicas: replicas(125, { ok: false }) })
    expect(late).toContain('reports: 2 min behind')
    expect(late).toContain('old data')
  })

  it('says which right is missing where the database hides them', async () => {
    const text = await view({ replicas: replicas(null, { visible: false }) })
    expect(text).toContain('One replica, whose lag')
    expect(text).toContain('GRANT pg_read_all_stats')
    expect(text).toContain('All systems operational')
  })

  it('says so in German', async () => {
    const values = { mail_certificate: certificate(3), replicas: replicas(125, { ok: false }) }
    const text = await view(values, 'de')
    expect(text).toContain('gültig bis')
    expect(text).toContain('2 Min. zurück')
  })

  it('names what is not encrypted; a problem only where others can reach the network', async () => {
    const values = { detail: '', unencrypted: ['database', 'mail'] as const }
    const of = (ok: boolean) => ({ encryption: { ...values, ok } }) as unknown as Partial<System>
    expect(await view({})).toContain('Every connection to another machine is encrypted')
    const allowed = await view(of(true))
    expect(allowed).toContain('Not encrypted: database, mail server. PRIVATE_NETWORK=on')
    expect(allowed).toContain('All systems operational')
    const open = await view(of(false), 'de')
    expect(open).toContain('ohne geprüftes Zertifikat: Datenbank, Mailserver')
    expect(open).toContain('sslmode=verify-full')
  })
})
