import { describe, expect, it } from 'vitest'
import { isDay } from '@/shared/time/zones'
import { addDays, choiceFromQuery, periodOf, PRESETS, queryFromChoice } from './periods'

describe('the periods of the figures', () => {
  it('are whole days, first and last included', () => {
    const today = '2026-03-01'
    expect(periodOf('today', today)).toEqual({ from: '2026-03-01', to: '2026-03-01' })
    expect(periodOf('yesterday', today)).toEqual({ from: '2026-02-28', to: '2026-02-28' })
    expect(periodOf('last7', today)).toEqual({ from: '2026-02-22', to: '2026-02-28' })
    expect(periodOf('last30', today)).toEqual({ from: '2026-01-30', to: '2026-02-28' })
    expect(periodOf('thisMonth', today)).toEqual({ from: '2026-03-01', to: '2026-03-01' })
    expect(periodOf('lastMonth', today)).toEqual({ from: '2026-02-01', to: '2026-02-28' })
    expect(periodOf('thisYear', today)).toEqual({ from: '2026-01-01', to: '2026-03-01' })
  })

  it('cross years and leap days', () => {
    expect(periodOf('lastMonth', '2026-01-15')).toEqual({ from: '2025-12-01', to: '2025-12-31' })
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
  })

  it('know a day that exists from one that does not', () => {
    expect(isDay('2026-02-28')).toBe(true)
    for (const text of ['2026-02-30', '2026-2-3', 'x', undefined, ['2026-02-28']])
      expect(isDay(text)).toBe(false)
  })
})

describe('the choice in the address', () => {
  const today = '2026-03-15'

  it('comes back as it went, whatever was chosen', () => {
    for (const preset of PRESETS) {
      const choice = { preset, ...periodOf(preset, today), lot: '7' }
      const query = queryFromChoice(choice) as Record<string, string>
      expect(choiceFromQuery(query, today)).toEqual(choice)
    }
    const own = { preset: 'custom' as const, from: '2026-01-02', to: '2026-01-09', lot: '' }
    expect(choiceFromQuery(queryFromChoice(own) as Record<string, string>, today)).toEqual(own)
  })

  it('falls back to the last 30 days for nonsense', () => {
    const query = { from: '2026-03-09', to: '2026-03-01', period: 'ever', lot: '1 OR 1' }
    const choice = choiceFromQuery(query, today)
    expect(choice).toMatchObject({ preset: 'last30', lot: '' })
  })
})
