/** A column of a table. */
export interface Column {
  /** The slot of its cells. */
  key: string
  label: string
  /** Aligned to the end, as numbers are. */
  number?: boolean
  /** Holds buttons: its label is for screen readers only. */
  actions?: boolean
}
