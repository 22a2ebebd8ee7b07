import { mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import BookingTable from './BookingTable.vue'

const booking = (day: number, fields: Partial<Booking> = {}) =>
  ({
    id: day,
    reference: `REF-${day}`,
    series_id: 5,
    status: 'Cancelled',
    lot_name: 'Harbour',
    lot_timezone: 'UTC',
    spot_number: 4,
    start_time: `2030-03-${day}T08:00:00Z`,
    reserved_start: `2030-03-${day}T08:00:00Z`,
    reserved_end: `2030-03-${day}T17:30:00Z`,
    end_time: null,
    visitor_name: null,
    total_cost: 0,
    currency: 'EUR',
    ...fields,
  }) as Booking

const table = (bookings: Booking[]) =>
  mount(BookingTable, {
    props: { bookings },
    attachTo: document.body,
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })
type Table = ReturnType<typeof table>
/** Which bookings have a line of their own. */
const ids = (wrapper: Table) =>
  wrapper
    .findAllComponents(RouterLinkStub)
    .map((one) => one.props('to') as { name: string; params: { id: number } })
    .filter(({ name }) => name === 'booking')
    .map(({ params }) => params.id)

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/bookings/history')
})

describe('cancelled dates of a series in the list of bookings', () => {
  const DATES = [24, 23, 22].map((day) => booking(day))

  it('have one line together, which shows them when it is pressed', async () => {
    const wrapper = table([booking(25, { status: 'Reserved' }), ...DATES, booking(21)])
    expect(ids(wrapper)).toEqual([25])
    const fold = wrapper.get('button')
    expect(fold.text()).toContain('4 dates of this repeating booking cancelled')
    expect(fold.text()).toContain('Mar 21, 2030 – Mar 24, 2030 · ')
    expect(fold.attributes('aria-expanded')).toBe('false')
    expect(wrapper.findAll('tbody tr')).toHaveLength(2)
    await fold.trigger('click')
    expect(fold.attributes('aria-expanded')).toBe('true')
    expect(ids(wrapper)).toEqual([25, 24, 23, 22, 21])
    await fold.trigger('click')
    expect(ids(wrapper)).toEqual([25])
  })

  it('keep lines of their own where they are one, of another series, of none, or not cancelled', () => {
    const all = [
      booking(28),
      booking(27, { series_id: 6 }),
      booking(26, { series_id: null }),
      booking(25, { series_id: null }),
      booking(24, { status: 'Completed' }),
      booking(23),
    ]
    const wrapper = table(all)
    expect(wrapper.find('button').exists()).toBe(false)
    expect(ids(wrapper)).toEqual([28, 27, 26, 25, 24, 23])
  })

  it('stay open when more of them come with the next page', async () => {
    const wrapper = table(DATES)
    await wrapper.get('button').trigger('click')
    await wrapper.setProps({ bookings: [...DATES, booking(21), booking(20)] })
    expect(wrapper.get('button').text()).toContain('5 dates')
    expect(ids(wrapper)).toEqual([24, 23, 22, 21, 20])
  })

  it('can be read in German', async () => {
    await setLocale('de')
    expect(table(DATES).get('button').text()).toContain(
      '3 Termine dieser wiederkehrenden Buchung storniert',
    )
  })
})
