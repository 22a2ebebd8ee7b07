/**
 * A tab whose account was replaced in this browser starts anew, so that nothing of the account
 * before stays in it: no cache, no typed text, no request. A note tells the next start of it.
 */
export interface Replaced {
  /** Whose account the tab showed. */
  name: string
  /** Whether the last thing that was to be changed was not. */
  lost?: boolean
}

const NOTE = 'pw-replaced'
let leaving = false

function readNote(): Replaced | null {
  return JSON.parse(sessionStorage.getItem(NOTE) ?? 'null') as Replaced | null
}

/** Leaves a page that showed the account of `name`. */
export function startAgain(name: string): void {
  leaving = true
  sessionStorage.setItem(NOTE, JSON.stringify({ name }))
  document.body.hidden = true
  location.replace('/')
}

/** Adds to the note of a page that is being left that its last change was refused. */
export function noteLost(): void {
  if (leaving) sessionStorage.setItem(NOTE, JSON.stringify({ ...readNote(), lost: true }))
}

/** Whether the start before this one left a note. */
export const hasNote = (): boolean => sessionStorage.getItem(NOTE) !== null

/** The note; it is read once. */
export function takeNote(): Replaced | null {
  const note = readNote()
  sessionStorage.removeItem(NOTE)
  return note
}
