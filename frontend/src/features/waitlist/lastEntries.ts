import { ref } from 'vue'
import type { Entry } from './types'

/** Says that home has cards of the waitlist for this browser, which then come with the rest of it. */
const EXPECTED_KEY = 'pw-waitlist'
const HIDDEN_KEY = 'pw-waitlist-hidden'
const MOST_HIDDEN = 50

function storedIds(): number[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(HIDDEN_KEY) ?? '[]')
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'number') : []
  } catch {
    return []
  }
}

/** The ids of the entries that the user has hidden in this browser. */
const hidden = ref(storedIds())

/** Hides an entry that has ended, in this browser. */
export function hideEntry(id: number): void {
  hidden.value = [...storedIds(), id].slice(-MOST_HIDDEN)
  localStorage.setItem(HIDDEN_KEY, JSON.stringify(hidden.value))
}

/** An offer first, then the places, then what has passed until the user hides it. */
const ORDER: Partial<Record<Entry['status'], number>> = {
  Offered: 0,
  Waiting: 1,
  Lapsed: 2,
  Expired: 2,
}

/** The entries that home has a card for. */
export function entriesAtHome(entries: readonly Entry[]): Entry[] {
  return entries
    .filter(({ id, status, ended_at }) => {
      if (!(status in ORDER)) return false
      return ended_at === null || !hidden.value.includes(id)
    })
    .sort((a, b) => ORDER[a.status]! - ORDER[b.status]!)
}

/** Notes whether home will have cards the next time. */
export function rememberEntries(entries: readonly Entry[]): void {
  if (entriesAtHome(entries).length) localStorage.setItem(EXPECTED_KEY, '1')
  else localStorage.removeItem(EXPECTED_KEY)
}
