import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { adminLotsApi } from './api'
import { lot } from './components/lotForm.stage'
import LotForm from '@/features/lots/admin/components/LotForm.vue'

const reserved = {
  booking_id: 1,
  reference: 'ABCD-2345',
  spot_number: 4,
  status: 'Reserved',
  user_email: 'ann@example.com',
  start_time: '2026-11-12T18:00:00Z',
  end_time: '2026-11-12T20:00:00Z',
}
const refusal = new ApiError(409, 'timezone_confirm', 'Confirm it.', {}, null, null, {
  count: 2,
  waiting: 0,
  blocking: [reserved],
})
const waited = new ApiError(409, 'timezone_confirm', 'Confirm it.', {}, null, null, {
  count: 0,
  waiting: 3,
  blocking: [],
})

function openForm() {
  const client = new QueryClient({ defaultOptions: { queries: { enabled: false } } })
  return mount(LotForm, {
    props: { lot: lot(), timezone: 'Europe/Berlin' },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: client }]],
      stubs: { RouterLink: RouterLinkStub },
    },
  })
}

beforeAll(() => useTexts('features/lots/admin'))
beforeEach(() => vi.restoreAllMocks())

describe.each([
  ['en', '3 waitlist entries would show', 'Change the time zone and notify drivers'],
  ['de', '3 Einträge auf der Warteliste hätten', 'Zeitzone ändern und benachrichtigen'],
] as const)('another time zone of a lot with a waitlist alone, in %s', (locale, text, confirm) => {
  it('is asked about, and sent again with the confirmation', async () => {
    await setLocale(locale)
    const update = vi.spyOn(adminLotsApi, 'update').mockRejectedValueOnce(waited)
    update.mockResolvedValue({ lot: lot(), removed: [] })
    const form = openForm()
    await form.get('select').setValue('America/New_York')
    await form.get('form').trigger('submit')
    await flushPromises()
    expect(form.text()).toContain(text)
    expect(form.text()).not.toMatch(/reservations? would|Reservierung(en)? hätte/)
    expect(form.get('button[type=submit]').text()).toContain(confirm)
    await form.get('form').trigger('submit')
    await flushPromises()
    expect(update).toHaveBeenLastCalledWith(7, { timezone: 'America/New_York' }, 3, true)
    expect(form.emitted('saved')).toHaveLength(1)
  })
})

describe.each([
  ['en', '2 reservations would show', 'Change the time zone and notify drivers'],
  ['de', '2 Reservierungen hätten', 'Zeitzone ändern und benachrichtigen'],
] as const)('another time zone of a lot with reservations, in %s', (locale, text, confirm) => {
  it('is asked about with the list, and sent again with the confirmation', async () => {
    await setLocale(locale)
    const update = vi.spyOn(adminLotsApi, 'update').mockRejectedValueOnce(refusal)
    update.mockResolvedValue({ lot: lot(), removed: [] })
    const form = openForm()
    await form.get('select').setValue('America/New_York')
    await form.get('form').trigger('submit')
    await flushPromises()
    expect(update).toHaveBeenLastCalledWith(7, { timezone: 'America/New_York' }, 3, false)
    expect(form.text()).toContain(text)
    expect(form.text()).toContain('ann@example.com')
    expect(form.get('button[type=submit]').text()).toContain(confirm)
    await form.get('form').trigger('submit')
    await flushPromises()
    expect(update).toHaveBeenLastCalledWith(7, { timezone: 'America/New_York' }, 3, true)
    expect(form.emitted('saved')).toHaveLength(1)
  })

  it('asks again about another zone than the one that was asked about', async () => {
    await setLocale(locale)
    const update = vi.spyOn(adminLotsApi, 'update').mockRejectedValue(refusal)
    const form = openForm()
    await form.get('select').setValue('America/New_York')
    await form.get('form').trigger('submit')
    await flushPromises()
    await form.get('select').setValue('Asia/Tokyo')
    expect(form.get('button[type=submit]').text()).not.toContain(confirm)
    await form.get('form').trigger('submit')
    await flushPromises()
    expect(update).toHaveBeenLastCalledWith(7, { timezone: 'Asia/Tokyo' }, 3, false)
  })
})
