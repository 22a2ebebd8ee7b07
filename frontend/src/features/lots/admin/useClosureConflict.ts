import { ref } from 'vue'
import { asApiError } from '@/shared/api/errors'
import type { Blocker } from './api'

/** The bookings that a refused closure names, and whether the next attempt moves them. */
export function useClosureConflict() {
  const blocking = ref<Blocker[]>([])
  const count = ref(0)
  const move = ref(false)

  /** Runs a change; where bookings are in the way, they stand in `blocking` and the error goes on. */
  async function watching(change: () => Promise<void>): Promise<void> {
    blocking.value = []
    try {
      await change()
    } catch (thrown) {
      const { body } = asApiError(thrown)
      blocking.value = (body.blocking as Blocker[] | undefined) ?? []
      count.value = Number(body.count ?? blocking.value.length)
      throw thrown
    }
  }

  return { blocking, count, move, watching }
}
