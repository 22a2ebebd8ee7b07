import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import type { Spot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { accountsApi } from '@/features/accounts/api'
import { adminLotsApi } from '@/features/lots/admin/api'
import SpotService from './SpotService.vue'

const spot = (more: Partial<Spot> = {}) =>
  ({ id: 7, lot_id: 1, spot_number: 17, status: 'Available', closures: [], ...more }) as Spot
const booking = (more: object = {}) => ({
  booking_id: 1,
  reference: 'K7QF-2M9X',
  spot_number: 17,
  status: 'Reserved',
  user_email: 'ada@example.com',
  start_time: '2026-12-24T10:00:00Z',
  end_time: '2026-12-24T12:00:00Z',
  move_to: { spot_id: 9, spot_number: 19 },
  ...more,
})
const refusal = (...blocking: object[]) =>
  new ApiError(409, 'spot_in_use', 'Spot 17 is booked.', {}, null, null, {
    blocking,
    count: blocking.length,
  })

const form = (more: Partial<Spot> = {}) =>
  mount(SpotService, {
    props: { spot: spot(more), timezone: 'Europe/Berlin' },
    global: { plugins: [i18n, VueQueryPlugin], stubs: { RouterLink: true } },
    attachTo: document.body,
  })
type Form = ReturnType<typeof form>

async function planned(wrapper: Form, from: string, until: string) {
  await wrapper.get('input[value=window]').setValue()
  await wrapper.get('[data-field=from]').setValue(from)
  await wrapper.get('[data-field=until]').setValue(until)
  await wrapper.get('[data-field=reason]').setValue('Drain')
  await wrapper.findAll('form').at(-1)!.trigger('submit')
  await flushPromises()
}

beforeEach(async () => {
  vi.restoreAllMocks()
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
  document.body.innerHTML = ''
  await setLocale('en')
  await useTexts('features/lots/admin')
  await useTexts('features/bookings')
})

describe('taking a spot out of service', () => {
  it('is done at once with a reason, as ever', async () => {
    const change = vi.spyOn(adminLotsApi, 'changeSpot').mockResolvedValue(spot())
    const wrapper = form()
    await wrapper.get('[data-field=reason]').setValue(' Paint ')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(change).toHaveBeenCalledWith(7, { out_of_service: true, reason: 'Paint' }, false)
    expect(wrapper.find('[data-field=from]').exists()).toBe(false)
  })

  it('is planned for a window in the lot’s time', async () => {
    const change = vi.spyOn(adminLotsApi, 'changeSpot').mockResolvedValue(spot())
    const wrapper = form()
    await planned(wrapper, '2026-12-24T00:00', '2026-12-27T00:00')
    const window = { from: '2026-12-24T00:00', until: '2026-12-27T00:00' }
    expect(change).toHaveBeenCalledWith(
      7,
      { out_of_service: true, reason: 'Drain', ...window },
      false,
    )
    expect(wrapper.text()).toContain('In the lot')
  })

  it('says at its field what is wrong with a window', async () => {
    const change = vi.spyOn(adminLotsApi, 'changeSpot')
    const wrapper = form()
    await planned(wrapper, '', '')
    expect(wrapper.text()).toContain('Enter when the spot goes out of service')
    await planned(wrapper, '2026-12-27T00:00', '2026-12-24T00:00')
    expect(wrapper.get('[data-field=until]').attributes('aria-invalid')).toBe('true')
    expect(change).not.toHaveBeenCalled()
  })

  it('lists the bookings in the way and moves all of them when asked to', async () => {
    const change = vi
      .spyOn(adminLotsApi, 'changeSpot')
      .mockRejectedValueOnce(refusal(booking(), booking({ booking_id: 2 })))
      .mockResolvedValueOnce(spot())
    const wrapper = form()
    await planned(wrapper, '2026-12-24T00:00', '')
    const conflict = wrapper.get('section')
    expect(conflict.text()).toContain('2 bookings are in the way. They can all move.')
    expect(conflict.text()).toContain('Can move to spot 19')
    await conflict.get('button').trigger('click')
    await flushPromises()
    expect(change).toHaveBeenLastCalledWith(
      7,
      { out_of_service: true, reason: 'Drain', from: '2026-12-24T00:00', until: undefined },
      true,
    )
    expect(wrapper.find('section').exists()).toBe(false)
    expect(document.activeElement).toBe(wrapper.get('form').element)
  })

  it('says of a single booking where it can go, and nothing that contradicts it', async () => {
    vi.spyOn(adminLotsApi, 'changeSpot').mockRejectedValue(refusal(booking({ username: 'Ada' })))
    const wrapper = form()
    await planned(wrapper, '2026-12-24T00:00', '')
    const conflict = wrapper.get('section')
    expect(conflict.text()).toContain('1 booking is in the way. It can move to spot 19.')
    expect(conflict.text()).toMatch(/Ada,\s+.*11:00 AM – 01:00 PM/)
    expect(conflict.get('button').classes()).toContain('btn-primary')
    expect(document.activeElement).toBe(conflict.element)
    expect(wrapper.find('[role="alert"]').exists()).toBe(false)
  })

  it('offers no move where one booking has nowhere to go', async () => {
    vi.spyOn(adminLotsApi, 'changeSpot').mockRejectedValue(
      refusal(booking(), booking({ booking_id: 2, move_to: null })),
    )
    const wrapper = form()
    await planned(wrapper, '2026-12-24T00:00', '')
    const conflict = wrapper.get('section')
    expect(conflict.text()).toContain('No other spot is free for it')
    expect(conflict.find('button').exists()).toBe(false)
  })

  it('of one that is out of service puts it back, and plans more', async () => {
    const change = vi.spyOn(adminLotsApi, 'changeSpot').mockResolvedValue(spot())
    const wrapper = form({ status: 'Out of service', out_of_service_reason: 'Paint' })
    expect(wrapper.text()).toContain('Reason: Paint')
    expect(wrapper.find('input[type=radio]').exists()).toBe(false)
    expect(wrapper.find('[data-field=from]').exists()).toBe(true)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(change).toHaveBeenCalledWith(7, { out_of_service: false })
  })

  it('speaks German', async () => {
    await setLocale('de')
    const text = form().text()
    expect(text).toContain('Ab jetzt, bis auf Weiteres')
    expect(text).toContain('Für einen Zeitraum')
  })
})
