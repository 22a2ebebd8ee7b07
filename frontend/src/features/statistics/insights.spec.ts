import { describe, expect, it } from 'vitest'
import {
  change,
  heatInsight,
  occupancyInsight,
  revenueInsight,
  stayInsight,
  typeInsight,
} from './insights'
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
    expect(occupancyInsight(sampleStats())).toEqual({
      key: 'statistics.insight.fullestDay',
      details: { day: '2026-03-02', percent: 55 },
    })
    const curve = [
      { at: '2026-03-02T10:00:00Z', occupied: 3, capacity: 10 },
      { at: '2026-03-02T10:30:00Z', occupied: 7, capacity: 10 },
    ]
    expect(occupancyInsight(sampleStats({ curve })).details).toEqual({ at: curve[1]!.at, cars: 7 })
  })

  it('names the lot that earns most and its share', () => {
    expect(revenueInsight(sampleStats()).details).toEqual({ lot: 'Harbour', percent: 75 })
    const alone = sampleStats({ lots: sampleStats().lots.slice(0, 1) })
    expect(revenueInsight(alone)).toEqual({
      key: 'statistics.insight.onlyLot',
      details: { lot: 'Harbour', money: 30 },
    })
  })

  it('names the busiest weekday and hour', () => {
    expect(heatInsight(sampleStats()).details).toEqual({ weekday: 1, hour: 13, percent: 81.4 })
  })

  it('names the median and the larger kind of booking', () => {
    expect(stayInsight(sampleStats()).details).toEqual({ minutes: 125 })
    expect(typeInsight(sampleStats())).toEqual({
      key: 'statistics.insight.instantShare',
      details: { percent: 80 },
    })
  })

  it('says so when there is nothing', () => {
    expect(
      [occupancyInsight, revenueInsight, heatInsight, stayInsight, typeInsight].map(
        (insight) => insight(nothing).key,
      ),
    ).toEqual([
      'statistics.insight.noOccupancy',
      'statistics.insight.noRevenue',
      'statistics.insight.noOccupancy',
      'statistics.insight.noStays',
      'statistics.insight.noBookings',
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
