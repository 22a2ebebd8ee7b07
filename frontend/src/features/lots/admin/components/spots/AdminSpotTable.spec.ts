import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Lot, Spot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import AdminSpotTable from './AdminSpotTable.vue'

const lot = { id: 1, name: 'Harbour', timezone: 'UTC', currency: 'EUR' } as Lot
const window = { start: '2026-03-02T12:00:00Z', end: '2026-03-02T15:30:00Z', username: 'bob' }
const spot = (values: object) =>
  ({
    id: 7,
    spot_number: 7,
    status: 'Reserved',
    reservations: [],
    booking: null,
    ...values,
  }) as unknown as Spot

const rowOf = (values: object) => {
  const table = mount(AdminSpotTable, {
    props: { lot, spots: [spot(values)], selectedId: null, label: 'Spots' },
    global: { plugins: [i18n] },
  })
  return table.findAll('tbody td').map((cell) => cell.text())
}

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/bookings/admin')
  await useTexts('features/lots/admin')
})

describe('the list of spots', () => {
  it('says for whom a spot is reserved, and when', () => {
    const [status, user, since, until, cost] = rowOf({ reservations: [window] })
    expect([status, user, cost]).toEqual(['Reserved', 'bob', '–'])
    expect(since).toContain('12:00')
    expect(until).toMatch(/(15|03):30/)
  })

  it('says who is parked, whoever comes later', () => {
    const booking = {
      username: 'alice',
      start_time: '2026-03-02T08:00:00Z',
      held_until: '2026-03-02T12:00:00Z',
      running_cost: 5,
    }
    const cells = rowOf({ status: 'Occupied', booking, reservations: [window] })
    expect(cells[1]).toBe('alice')
    expect(cells[4]).toBe('€5.00')
  })

  it('names nobody for a spot that is free now', () => {
    expect(rowOf({ status: 'Available', reservations: [window] })[1]).toBe('–')
  })
})
