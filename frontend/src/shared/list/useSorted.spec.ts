import { describe, expect, it } from 'vitest'
import { useSorted } from './useSorted'

const rows = [
  { name: 'Lot 10', earned: 5 },
  { name: 'lot 2', earned: null },
  { name: 'Äther', earned: 12 },
]
const by = {
  name: (row: (typeof rows)[0]) => row.name,
  earned: (row: (typeof rows)[0]) => row.earned,
}

describe('sorted rows', () => {
  it('sort text as people do, and numbers in it by their value', () => {
    const { sorted } = useSorted(rows, by, { key: 'name', descending: false })
    expect(sorted.value.map((row) => row.name)).toEqual(['Äther', 'lot 2', 'Lot 10'])
  })

  it('sort numbers, unknown ones last in both directions', () => {
    const { sort, sorted } = useSorted(rows, by, { key: 'earned', descending: true })
    expect(sorted.value.map((row) => row.earned)).toEqual([12, 5, null])
    sort.value = { key: 'earned', descending: false }
    expect(sorted.value.map((row) => row.earned)).toEqual([5, 12, null])
  })
})
