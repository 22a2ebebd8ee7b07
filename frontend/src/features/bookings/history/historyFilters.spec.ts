import { describe, expect, it } from 'vitest'
import {
  apiFilters,
  exportFilters,
  filtersFromQuery,
  NO_FILTERS,
  queryFromFilters,
} from './historyFilters'

describe('the history’s filters', () => {
  it('go into the address and come back the same', () => {
    const filters = { status: 'Completed', lot: '3', from: '2026-03-01', to: '' }
    expect(queryFromFilters(filters)).toEqual({ status: 'Completed', lot: '3', from: '2026-03-01' })
    expect(filtersFromQuery({ status: 'Completed', lot: '3', from: '2026-03-01' })).toEqual(filters)
  })

  it('take no nonsense from an address', () => {
    expect(filtersFromQuery({ lot: 'x', from: 'yesterday', to: null })).toEqual(NO_FILTERS)
  })

  it('mean whole days of the user’s zone, the last one included', () => {
    const filters = { ...NO_FILTERS, lot: '3', from: '2026-02-01', to: '2026-03-28' }
    expect(exportFilters(filters, 'Europe/Berlin')).toEqual({
      lot_id: 3,
      from: '2026-01-31T23:00:00.000Z',
      to: '2026-03-28T23:00:00.000Z',
    })
    expect(apiFilters({ ...filters, to: '' }, 'Europe/Berlin')).toEqual({
      lot_id: 3,
      from: '2026-01-31T23:00:00.000Z',
    })
  })

  it('are days of each lot’s own calendar in the list, as the sums of a month are', () => {
    const filters = { ...NO_FILTERS, status: 'Completed', from: '2026-10-01', to: '2026-10-31' }
    expect(apiFilters(filters, 'Asia/Tokyo')).toEqual({
      status: 'Completed',
      from_day: '2026-10-01',
      to_day: '2026-10-31',
    })
  })
})
