import { ref } from 'vue'

/** A release that was asked for without a network, and its idempotency key. */
export interface Pending {
  bookingId: number
  userId: number
  key: string
}

const STORE = 'pw-pending-releases'

export function readPending(): Pending[] {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? '[]') as Pending[]
  } catch {
    return []
  }
}

export function writePending(all: Pending[]): void {
  if (all.length === 0) localStorage.removeItem(STORE)
  else localStorage.setItem(STORE, JSON.stringify(all))
  pendingIds.value = all.map((one) => one.bookingId)
}

/** Bookings whose release waits for the network. */
export const pendingIds = ref<number[]>(readPending().map((one) => one.bookingId))
