import { newIdempotencyKey, shownAccount } from './http'

/**
 * The idempotency key of what a user wants now. Trying the same thing again (a double click, a
 * lost answer) uses the same key; wanting something else, having got it, or being somebody else makes
 * a new one.
 */
export function useIdempotencyKey() {
  let key: string | null = null
  let request = ''
  return {
    keyFor(body: unknown): string {
      const now = JSON.stringify([shownAccount(), body])
      if (key === null || now !== request) {
        key = newIdempotencyKey()
        request = now
      }
      return key
    },
    fulfilled(): void {
      key = null
    },
  }
}
