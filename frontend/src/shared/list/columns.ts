/** A column of a table. */
export interface Column {
  /** The slot of its cells. */
  key: string
  label: string
  /** Aligned to the end, as numbers are. */
  number?: boolean
  /** Its label may take several lines. */
  wrap?: boolean
  /** Holds buttons: its label is for screen readers only. */
  actions?: boolean
  /** Its heading is a button that sorts by it; `down` when the highest or latest come first. */
  sort?: 'up' | 'down'
  /** Left out on screens between phone and desk, where there is no room for it. */
  wide?: boolean
}

/** The column that the rows are sorted by. */
export interface Sort {
  key: string
  descending: boolean
}
