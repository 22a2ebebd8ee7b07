import { describe, expect, it } from 'vitest'
import {
  change,
  heatFinding,
  occupancyFinding,
  revenueFinding,
  stayFinding,
  typeFinding,
} from './findings'
import { sampleStats } from './sample'

const nothing = sampleStats({
  days: [],
  lots: [],
  hours: [[null]],
  figures: [],
  stays: [],
  busiest_hour: null,
})

describe('the sentence above a chart', () => {
  it('names the fullest day, or the fullest half hour', () => {
    expect(occupancyFinding(sampleStats())).toEqual({
      key: 'statistics.finding.fullestDay',
      facts: { day: '2026-03-02', percent: 55 },
    })
    const curve = [
      { at: '2026-03-02T10:00:00Z', occupied: 3, capacity: 10 },
      { at: '2026-03-02T10:30:00Z', occupied: 7, capacity: 10 },
    ]
    expect(occupancyFinding(sampleStats({ curve })).facts).toEqual({ at: curve[1]!.at, cars: 7 })
  })

  it('names the lot that earns most and its share', () => {
    expect(revenueFinding(sampleStats()).facts).toEqual({ lot: 'Harbour', percent: 75 })
    const alone = sampleStats({ lots: sampleStats().lots.slice(0, 1) })
    expect(revenueFinding(alone)).toEqual({
      key: 'statistics.finding.onlyLot',
      facts: { lot: 'Harbour', money: 30 },
    })
  })

  it('names the busiest weekday and hour', () => {
    expect(heatFinding(sampleStats()).facts).toEqual({ weekday: 1, hour: 13, percent: 81.4 })
  })

  it('names the median and the larger kind of booking', () => {
    expect(stayFinding(sampleStats()).facts).toEqual({ minutes: 125 })
    expect(typeFinding(sampleStats())).toEqual({
      key: 'statistics.finding.instantShare',
      facts: { percent: 80 },
    })
  })

  it('says so when there is nothing', () => {
    expect(
      [occupancyFinding, revenueFinding, heatFinding, stayFinding, typeFinding].map(
        (finding) => finding(nothing).key,
      ),
    ).toEqual([
      'statistics.finding.noOccupancy',
      'statistics.finding.noRevenue',
      'statistics.finding.noOccupancy',
      'statistics.finding.noStays',
      'statistics.finding.noBookings',
    ])
  })
})

describe('the change to the period before', () => {
  it('is a difference and a share', () => {
    expect(change(40, 32)).toEqual({ difference: 8, share: 0.25 })
    expect(change(5, 0)).toEqual({ difference: 5, share: null })
    expect(change(null, 3)).toBeNull()
    expect(change(3, null)).toBeNull()
  })
})
