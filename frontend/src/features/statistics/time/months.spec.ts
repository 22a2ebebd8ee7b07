import { describe, expect, it } from 'vitest'
import { daysOf, isMonth, monthAfter, monthBefore, monthsBack } from './months'

describe('calendar months', () => {
  it('follow each other over the turn of a year', () => {
    expect(monthBefore('2026-01')).toBe('2025-12')
    expect(monthAfter('2025-12')).toBe('2026-01')
    expect(monthAfter('2026-02')).toBe('2026-03')
    expect(monthsBack('2026-02', '2025-11')).toEqual(['2026-02', '2026-01', '2025-12', '2025-11'])
  })

  it('have a first and a last day', () => {
    expect(daysOf('2028-02')).toEqual({ from: '2028-02-01', to: '2028-02-29' })
    expect(daysOf('2026-12')).toEqual({ from: '2026-12-01', to: '2026-12-31' })
  })

  it('are told from nonsense', () => {
    expect(isMonth('2026-11')).toBe(true)
    for (const text of ['2026-13', '2026-1', '2026-11-01', '', undefined, ['2026-11']])
      expect(isMonth(text)).toBe(false)
  })
})
