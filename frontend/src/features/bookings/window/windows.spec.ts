import { describe, expect, it } from 'vitest'
import { dayAfter, presets, wallClock, windowProblem } from './windows'

const berlin = 'Europe/Berlin'
const noon = new Date('2026-03-02T11:02:00Z') // 12:02 in Berlin

describe('presets', () => {
  it('begin at the next quarter of an hour, and mean the lot’s tomorrow', () => {
    const all = Object.fromEntries(presets(noon, berlin).map((one) => [one.key, one]))
    expect(all.soon).toMatchObject({ from: '2026-03-02T11:15:00Z', to: '2026-03-02T13:15:00Z' })
    expect(all.evening).toMatchObject({ to: '2026-03-02T18:00' })
    expect(all.tomorrow).toMatchObject({ from: '2026-03-03T09:00', to: '2026-03-03T17:00' })
  })

  it('offer no evening when it has come', () => {
    const late = new Date('2026-03-02T16:30:00Z')
    expect(presets(late, berlin).map((one) => one.key)).not.toContain('evening')
    expect(presets(new Date('2026-03-02T22:55:00Z'), berlin).map((one) => one.key)).not.toContain(
      'evening',
    )
  })

  it('cross month and year', () => {
    expect(dayAfter('2026-12-31')).toBe('2027-01-01')
    expect(dayAfter('2028-02-28')).toBe('2028-02-29')
  })
})

describe('a window of one’s own', () => {
  it('is judged by the lot’s clock', () => {
    expect(wallClock(noon, berlin)).toBe('2026-03-02T12:02')
    expect(
      windowProblem({ from: '2026-03-02T12:30', to: '2026-03-02T13:00' }, noon, berlin),
    ).toBeNull()
    expect(windowProblem({ from: '2026-03-02T11:30', to: '2026-03-02T13:00' }, noon, berlin)).toBe(
      'past',
    )
    expect(windowProblem({ from: '2026-03-02T14:00', to: '2026-03-02T14:00' }, noon, berlin)).toBe(
      'endFirst',
    )
    expect(windowProblem({ from: '', to: '' }, noon, berlin)).toBe('noStart')
  })
})
