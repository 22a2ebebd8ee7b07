import { describe, expect, it } from 'vitest'
import { apiFilters, filtersFromQuery, NO_FILTERS, queryFromFilters, zoneOf } from './adminFilters'

describe('filters in the address', () => {
  it('come back as they went', () => {
    const filters = {
      ...NO_FILTERS,
      q: 'B-AB 1',
      status: 'Active',
      lot_id: '7',
      from: '2026-03-01',
    }
    const query = queryFromFilters(filters)
    expect(Object.keys(query).sort()).toEqual(['from', 'lot_id', 'q', 'status'])
    expect(filtersFromQuery(query as never)).toEqual(filters)
  })

  it('are left out where they make no sense', () => {
    const query = { status: 'Gone', lot_id: 'x', from: '1st of May', user_id: ['1', '2'] }
    expect(filtersFromQuery(query)).toEqual(NO_FILTERS)
  })

  it('take a link from the figures whole or not at all', () => {
    const link = { counted: 'ended', from_day: '2026-03-01', to_day: '2026-03-02', came: 'true' }
    expect(filtersFromQuery(link)).toEqual({ ...NO_FILTERS, ...link })
    expect(filtersFromQuery({ counted: 'ended', came: 'true' })).toEqual(NO_FILTERS)
    const stays = { ...link, came: '', stay_from: '60', stay_to: '120' }
    expect(filtersFromQuery(stays)).toEqual({ ...NO_FILTERS, ...stays })
    expect(filtersFromQuery({ ...link, hour: '13' })).toEqual(NO_FILTERS)
    expect(filtersFromQuery({ ...stays, stay_to: '60' })).toEqual(NO_FILTERS)
  })
})

describe('days as instants', () => {
  it('reach from the first day to the end of the last', () => {
    const filters = { ...NO_FILTERS, from: '2026-03-29', to: '2026-03-29', q: '  ' }
    expect(apiFilters(filters, 'Europe/Berlin')).toEqual({
      from: '2026-03-28T23:00:00.000Z',
      to: '2026-03-29T22:00:00.000Z',
    })
  })

  it('begin where the chosen lot is, else where the operator is', () => {
    const lots = [{ id: 4, timezone: 'Asia/Tokyo' }]
    expect(zoneOf({ ...NO_FILTERS, lot_id: '4' }, lots, 'Europe/Berlin')).toBe('Asia/Tokyo')
    expect(zoneOf({ ...NO_FILTERS, lot_id: '5' }, lots, 'Europe/Berlin')).toBe('Europe/Berlin')
    expect(zoneOf(NO_FILTERS, lots, 'Europe/Berlin')).toBe('Europe/Berlin')
  })
})
