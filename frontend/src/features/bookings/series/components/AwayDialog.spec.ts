import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { seriesApi } from '@/features/bookings/series/api'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { currentToast } from '@/shared/ui/toasts'
import AwayDialog from './AwayDialog.vue'

const BOOKING = {
  id: 3,
  status: 'Reserved',
  lot_name: 'Harbour',
  lot_timezone: 'UTC',
  spot_number: 4,
  start_time: '2030-03-05T08:00:00Z',
  reserved_start: '2030-03-05T08:00:00Z',
  reserved_end: '2030-03-05T10:00:00Z',
} as Booking
const LATER = ['2030-04-05', '2030-04-12'].map((date) => ({
  series_id: 9,
  lot_name: 'Harbour',
  date,
}))
const WAITS = [
  {
    entry_id: 7,
    lot_name: 'Station',
    lot_timezone: 'UTC',
    reserved_start: '2030-03-06T08:00:00Z',
    reserved_end: '2030-03-06T10:00:00Z',
  },
]
const answer = (count: number, dryRun: boolean, later: object[] = [], waits: object[] = []) =>
  ({
    message: '',
    count,
    bookings: Array.from({ length: count }, (_, n) => ({ ...BOOKING, id: n })),
    series_dates: later,
    waits,
    dry_run: dryRun,
  }) as never

function dialog() {
  return mount(AwayDialog, {
    props: { open: true },
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { teleport: true },
    },
  })
}
type Dialog = ReturnType<typeof dialog>
async function press(wrapper: Dialog, text: string) {
  await wrapper
    .findAll('button')
    .find((one) => one.text().includes(text))!
    .trigger('click')
  await flushPromises()
}

let cancel: MockInstance<typeof seriesApi.cancelRange>
beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/bookings/series')
  cancel = vi.spyOn(seriesApi, 'cancelRange')
})
afterEach(() => (document.body.innerHTML = ''))

describe('“I’m away”', () => {
  it('shows what would be cancelled before it cancels', async () => {
    cancel.mockResolvedValueOnce(answer(2, true)).mockResolvedValueOnce(answer(2, false))
    const wrapper = dialog()
    const [from, until] = wrapper.findAll('input')
    await from!.setValue('2030-03-01')
    await until!.setValue('2030-03-07')
    expect(wrapper.text()).toContain('Cancel')
    expect(wrapper.text()).not.toContain('Keep reservations')
    await press(wrapper, 'Show reservations')
    const range = { from: '2030-03-01T00:00', until: '2030-03-08T00:00' }
    expect(cancel.mock.calls).toEqual([[range, true]])
    expect(wrapper.text()).toContain('2 reservations would be cancelled:')
    expect(document.activeElement?.textContent).toContain('2 reservations')
    await press(wrapper, 'Cancel 2 reservations')
    expect(cancel.mock.calls[1]).toEqual([range, false])
    expect(wrapper.emitted('update:open')).toEqual([[false]])
  })

  it('names those for guests apart, in either language', async () => {
    const preview = answer(3, true) as { bookings: Booking[] }
    preview.bookings[1]!.visitor_name = 'Vera'
    cancel.mockResolvedValue(preview as never)
    const wrapper = dialog()
    await press(wrapper, 'Show reservations')
    expect(wrapper.get('[data-result]').text()).toContain('1 of them is for a guest.')
    const guests = () => wrapper.findAll('li strong').map((one) => one.text())
    expect(guests()).toEqual(['for Vera'])
    expect(wrapper.findAll('li')[1]!.text()).toContain('for Vera')
    await setLocale('de')
    await flushPromises()
    expect(wrapper.get('[data-result]').text()).toContain('1 davon ist für einen Gast.')
    expect(guests()).toEqual(['für Vera'])
    preview.bookings[1]!.visitor_name = null
    const other = dialog()
    await press(other, 'Reservierungen anzeigen')
    expect(other.get('[data-result]').text()).not.toContain('Gast')
  })

  it('offers nothing to cancel where nothing begins, and asks anew for another time', async () => {
    cancel.mockResolvedValueOnce(answer(0, true)).mockResolvedValueOnce(answer(1, true))
    const wrapper = dialog()
    await press(wrapper, 'Show reservations')
    expect(wrapper.text()).toContain('You have no reservation that begins on these days.')
    expect(wrapper.text()).not.toContain('Cancel 0')
    await wrapper.findAll('input')[1]!.setValue('2099-03-08')
    expect(wrapper.text()).not.toContain('You have no reservation')
    await press(wrapper, 'Show reservations')
    expect(wrapper.text()).toContain('1 reservation would be cancelled:')
  })

  it('lists later dates of a series that will not be booked, also where nothing else is on these days', async () => {
    cancel
      .mockResolvedValueOnce(answer(1, true, LATER))
      .mockResolvedValueOnce(answer(0, true, LATER))
    cancel.mockResolvedValueOnce(answer(0, false, LATER))
    const wrapper = dialog()
    const skipped = '2 later dates of your repeating bookings will not be booked.'
    await press(wrapper, 'Show reservations')
    expect(wrapper.text()).toContain('1 reservation would be cancelled:')
    expect(wrapper.text()).toContain(skipped)
    expect(wrapper.findAll('li').map((one) => one.text())[1]).toContain('Harbour · not booked yet')
    await wrapper.findAll('input')[1]!.setValue('2099-03-08')
    await press(wrapper, 'Show reservations')
    expect(wrapper.text()).not.toContain('You have no reservation')
    expect(document.activeElement?.textContent).toBe(skipped)
    await press(wrapper, 'Leave out 2 dates')
    expect(cancel.mock.lastCall![1]).toBe(false)
    expect(currentToast.value?.text).toBe(skipped)
  })

  it('lists places on the waitlist that are given up, also where nothing else is on these days', async () => {
    cancel
      .mockResolvedValueOnce(answer(1, true, [], WAITS))
      .mockResolvedValueOnce(answer(0, true, [], WAITS))
    cancel.mockResolvedValueOnce(answer(0, false, [], WAITS))
    const wrapper = dialog()
    await press(wrapper, 'Show reservations')
    expect(wrapper.text()).toContain('1 reservation would be cancelled:')
    expect(wrapper.text()).toContain('1 place on the waitlist would be given up.')
    const place = wrapper.findAll('li')[1]!.text()
    expect(place).toContain('08:00')
    expect(place).toContain('Station · waiting')
    await wrapper.findAll('input')[1]!.setValue('2099-03-08')
    await press(wrapper, 'Show reservations')
    expect(wrapper.text()).not.toContain('You have no reservation')
    await press(wrapper, 'Give up 1 place')
    expect(cancel.mock.lastCall![1]).toBe(false)
    expect(currentToast.value?.text).toBe('1 place on the waitlist given up.')
  })

  it('does not ask for an end before the start', async () => {
    const wrapper = dialog()
    await wrapper.findAll('input')[1]!.setValue('2001-03-08')
    await press(wrapper, 'Show reservations')
    expect(wrapper.text()).toContain('The last day is before the first')
    expect(cancel).not.toHaveBeenCalled()
  })
})
