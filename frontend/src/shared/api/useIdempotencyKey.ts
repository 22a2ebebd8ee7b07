import { newIdempotencyKey, shownAccount } from './http'

/**
 * The idempotency key of what a person wants now. Trying the same thing again (a double click, a
 * lost answer) uses the same key; wanting something else, having got it, or being somebody else makes
 * a new one.
 */
export function useIdempotencyKey() {
  let key: string | null = null
  let wanted = ''
  return {
    keyFor(body: unknown): string {
      const now = JSON.stringify([shownAccount(), body])
      if (key === null || now !== wanted) {
        key = newIdempotencyKey()
        wanted = now
      }
      return key
    },
    fulfilled(): void {
      key = null
    },
  }
}
