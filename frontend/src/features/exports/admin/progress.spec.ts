import { describe, expect, it } from 'vitest'
import type { ExportState } from '@/shared/api/types'
import { isUnderWay, secondsLeft } from './progress'

const START = '2026-03-02T12:00:00Z'
const after = (seconds: number) => new Date(Date.parse(START) + seconds * 1000)
const job = (rows_done: number, rows_total: number | null) => ({
  state: 'running' as const,
  rows_done,
  rows_total,
  created_at: START,
})

describe('how long an export still takes', () => {
  it('goes by the pace so far', () => {
    expect(secondsLeft(job(250, 1000), after(20))).toBe(60)
  })

  it('says nothing in the first ten seconds, without a size, or before the first row', () => {
    expect(secondsLeft(job(250, 1000), after(9))).toBeNull()
    expect(secondsLeft(job(250, null), after(20))).toBeNull()
    expect(secondsLeft(job(0, 1000), after(20))).toBeNull()
  })

  it('is never negative when more rows came than were counted', () => {
    expect(secondsLeft(job(1010, 1000), after(20))).toBe(0)
  })
})

it.each<[ExportState, boolean]>([
  ['queued', true],
  ['running', true],
  ['done', false],
  ['failed', false],
  ['cancelled', false],
  ['expired', false],
])('%s: under way is %s', (state, expected) => {
  expect(isUnderWay({ state })).toBe(expected)
})
