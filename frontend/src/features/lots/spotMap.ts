import type { Need, Spot } from '@/shared/api/types'

/** Where a key leads in a grid of `count` cells with `columns` to a row; null when the key is not ours. */
export function moveInGrid(
  key: string,
  ctrl: boolean,
  at: number,
  columns: number,
  count: number,
): number | null {
  const rowStart = at - (at % columns)
  const last = count - 1
  switch (key) {
    case 'ArrowRight':
      return Math.min(at + 1, last)
    case 'ArrowLeft':
      return Math.max(at - 1, 0)
    case 'ArrowDown':
      return at + columns <= last ? at + columns : at
    case 'ArrowUp':
      return at - columns >= 0 ? at - columns : at
    case 'Home':
      return ctrl ? 0 : rowStart
    case 'End':
      return ctrl ? last : Math.min(rowStart + columns - 1, last)
    case 'PageDown':
      return Math.min(at + columns * 5, last)
    case 'PageUp':
      return Math.max(at - columns * 5, 0)
    default:
      return null
  }
}

export function rowsOf<T>(cells: T[], columns: number): T[][] {
  const rows: T[][] = []
  for (let at = 0; at < cells.length; at += columns) rows.push(cells.slice(at, at + columns))
  return rows
}

export type SpotLook = 'free' | 'occupied' | 'reserved' | 'out' | 'mine'

export function lookOf(spot: Spot): SpotLook {
  if (spot.mine) return 'mine'
  if (spot.status === 'Available') return 'free'
  if (spot.status === 'Reserved') return 'reserved'
  return spot.status === 'Occupied' ? 'occupied' : 'out'
}

/** Whether a spot has every feature that is needed. */
export const hasNeeds = (spot: Spot, needs: readonly Need[]): boolean =>
  needs.every((need) => spot[need])

/** A spot can be chosen when free now, or, for a window to come, when it is among those free then. */
export function canChoose(spot: Spot, freeThen: ReadonlySet<number> | null): boolean {
  return freeThen ? freeThen.has(spot.id) : spot.status === 'Available'
}
