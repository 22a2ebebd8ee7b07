import { browserAccount } from '@/shared/api/account'

/**
 * The one thing of a user that stays on the device: the open bookings last seen, for when there is no
 * network. They belong to that user's session and go with it.
 */
export interface LastSeen<T> {
  userId: number
  /** When the server said so. */
  at: string
  bookings: T[]
}

const STORE = 'pw-last-bookings'

export function keepLast<T>(seen: LastSeen<T> | null): void {
  if (seen && seen.userId !== browserAccount()) return
  if (seen) localStorage.setItem(STORE, JSON.stringify(seen))
  else localStorage.removeItem(STORE)
}

export function readLast<T>(): LastSeen<T> | null {
  try {
    const seen = JSON.parse(localStorage.getItem(STORE) ?? 'null') as LastSeen<T> | null
    return seen?.userId === browserAccount() ? seen : null
  } catch {
    return null
  }
}
