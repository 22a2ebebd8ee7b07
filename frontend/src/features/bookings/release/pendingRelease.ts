import { asApiError } from '@/shared/api/errors'
import { newIdempotencyKey } from '@/shared/api/http'
import { bookingsApi, type Released } from '@/features/bookings/api'
import { readPending, writePending, type Pending } from './pendingIds'

/*
 * Releases asked for without a network. They are kept with their idempotency key and sent when the
 * network is back; the key makes sure that the server does it once, however often we ask.
 */

function remove(key: string): void {
  writePending(readPending().filter((one) => one.key !== key))
}

function remember(bookingId: number, userId: number): Pending {
  const existing = readPending().find((one) => one.bookingId === bookingId && one.userId === userId)
  if (existing) return existing
  const added = { bookingId, userId, key: newIdempotencyKey() }
  writePending([...readPending(), added])
  return added
}

/** Whether there was nothing to release: another car never left the spot, and the booking was cancelled. */
export const wasNotFree = (answer: Released): boolean => answer.booking.status === 'Cancelled'

/** Keeps a release until it is known again who is here (`sendPending`). */
export function keepRelease(bookingId: number, userId: number): void {
  remember(bookingId, userId)
}

/** Releases now; without a network it stays noted and `null` comes back. */
export async function releaseOrKeep(bookingId: number, userId: number): Promise<Released | null> {
  const pending = remember(bookingId, userId)
  try {
    const answer = await bookingsApi.release(bookingId, pending.key, userId)
    remove(pending.key)
    return answer
  } catch (thrown) {
    if (asApiError(thrown).isOffline) return null
    remove(pending.key)
    throw thrown
  }
}

/** Refusals that say nothing about the release itself. */
const LATER = new Set([401, 429])

/** Sends what waits, one tab at a time; calls back for each one that the server has done. */
export async function sendPending(
  userId: number,
  done: (answer: Released) => void,
  refused: () => void,
): Promise<void> {
  const work = async () => {
    for (const pending of readPending().filter((one) => one.userId === userId)) {
      try {
        const answer = await bookingsApi.release(pending.bookingId, pending.key, userId)
        remove(pending.key)
        done(answer)
      } catch (thrown) {
        const error = asApiError(thrown)
        if (error.isOffline || error.status >= 500 || LATER.has(error.status)) return
        // Somebody else is here now: it stays for its owner.
        if (error.code === 'other_account') return
        remove(pending.key)
        refused()
      }
    }
  }
  await (navigator.locks ? navigator.locks.request('pw-pending-releases', work) : work())
}
