import { describe, expect, it } from 'vitest'
import { apiFilters, filtersFromQuery, NO_FILTERS, queryFromFilters } from './historyFilters'

describe('the history’s filters', () => {
  it('go into the address and come back the same', () => {
    const filters = { status: 'Completed', lot: '3', from: '2026-03-01', to: '' }
    expect(queryFromFilters(filters)).toEqual({ status: 'Completed', lot: '3', from: '2026-03-01' })
    expect(filtersFromQuery({ status: 'Completed', lot: '3', from: '2026-03-01' })).toEqual(filters)
  })

  it('take no nonsense from an address', () => {
    expect(filtersFromQuery({ lot: 'x', from: 'yesterday', to: null })).toEqual(NO_FILTERS)
  })

  it('mean whole days of the person’s zone, the last one included', () => {
    const asked = apiFilters(
      { ...NO_FILTERS, lot: '3', from: '2026-02-01', to: '2026-03-28' },
      'Europe/Berlin',
    )
    expect(asked).toEqual({
      lot_id: 3,
      from: '2026-01-31T23:00:00.000Z',
      to: '2026-03-28T23:00:00.000Z',
    })
  })
})
