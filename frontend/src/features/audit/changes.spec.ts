import { describe, expect, it } from 'vitest'
import { changes, displayValue, reasonCode } from './changes'

describe('what an entry changed', () => {
  it('lists each field of either side once', () => {
    expect(changes({ name: 'Harbour', price: 2 }, { name: 'Quay', level: 'B' })).toEqual([
      { field: 'name', from: 'Harbour', to: 'Quay' },
      { field: 'price', from: 2, to: null },
      { field: 'level', from: null, to: 'B' },
    ])
  })

  it('leaves out what stayed, lists included', () => {
    expect(changes({ active: true, roles: ['user'] }, { active: false, roles: ['user'] })).toEqual([
      { field: 'active', from: true, to: false },
    ])
  })

  it('lists the filters of an export one by one', () => {
    expect(changes(null, { kind: 'bookings', filters: { lot_id: 3 } })).toEqual([
      { field: 'kind', from: null, to: 'bookings' },
      { field: 'lot_id', from: null, to: 3 },
    ])
  })

  it('knows entries without sides', () => {
    expect(changes(null, null)).toEqual([])
    expect(changes(null, { level: 2 })).toEqual([{ field: 'level', from: null, to: 2 }])
  })
})

describe('how a value is shown', () => {
  it.each([
    [null, { kind: 'nothing' }],
    ['', { kind: 'nothing' }],
    [0, { kind: 'words', words: ['0'] }],
    [true, { kind: 'yes' }],
    [false, { kind: 'no' }],
    ['2026-03-02T12:00:00Z', { kind: 'instant', at: '2026-03-02T12:00:00Z' }],
    ['2026-03', { kind: 'words', words: ['2026-03'] }],
    [['user', 'admin'], { kind: 'words', words: ['user', 'admin'] }],
    [{ lot_id: 3 }, { kind: 'words', words: ['{"lot_id":3}'] }],
  ])('%j', (value, expected) => {
    expect(displayValue(value)).toEqual(expected)
  })

  it('minor units are money, and what is counted in seconds is a time', () => {
    expect(displayValue(1150, 'total_cost_minor')).toEqual({ kind: 'money', amount: 11.5 })
    expect(displayValue(900, 'checkin_grace_s')).toEqual({ kind: 'seconds', seconds: 900 })
  })
})

describe('the reason of a cancellation', () => {
  const booking = 'K7QF-2M9X · Harbour · 3'
  it('has a code where the program gave it', () => {
    expect(reasonCode('The spot was not free in time.', booking)).toBe('not_free')
    expect(reasonCode('Harbour has closed.', booking)).toBe('lot_closed')
  })

  it('is left as people typed it', () => {
    expect(reasonCode('The gate has closed.', booking)).toBeNull()
    expect(reasonCode('Harbour has closed.', null)).toBeNull()
    expect(reasonCode('Fire inspection', booking)).toBeNull()
  })
})
