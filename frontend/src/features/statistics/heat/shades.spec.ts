import { describe, expect, it } from 'vitest'
import { heatBands, heatEdges, heatLevel } from './shades'

describe('the shades of the heat map', () => {
  it('reach up to the highest number, however low it is', () => {
    const quiet = [
      [2, 5, 7.4, null],
      [12.4, 0, 9, 10],
    ]
    const edges = heatEdges(quiet)
    expect(quiet.flat().map((percent) => percent !== null && heatLevel(percent, edges))).toEqual([
      1,
      2,
      3,
      false,
      5,
      0,
      4,
      4,
    ])
    expect(heatBands(edges)).toEqual(['0', '1–2', '3–5', '6–7', '8–10', '11–12'])
  })

  it('are those of a full week where it is full', () => {
    const edges = heatEdges([[100, 40]])
    expect(edges).toEqual([20, 40, 60, 80, 100])
    expect([0, 0.4, 1, 20, 20.6, 99.6, 100].map((percent) => heatLevel(percent, edges))).toEqual([
      0, 0, 1, 1, 2, 5, 5,
    ])
  })

  it('do not make a crowd of next to nothing', () => {
    const edges = heatEdges([[1, 2, null]])
    expect(heatBands(edges)).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(heatBands(heatEdges([]))).toHaveLength(6)
  })
})
