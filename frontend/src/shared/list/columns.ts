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
}
