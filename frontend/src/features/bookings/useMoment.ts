import { computed, type ComputedRef, type Ref } from 'vue'
import { useServerNow } from '@/shared/time/clock'
import type { Booking } from '@/shared/api/types'
import { runningCost } from './pricing'

export interface Moment {
  now: Ref<Date>
  /** What it costs so far; null when it does not run. */
  cost: ComputedRef<number | null>
  elapsedSeconds: ComputedRef<number>
  /** Until when the spot is (or was) guaranteed. */
  heldUntil: ComputedRef<string>
  /** Seconds until then; negative afterwards. */
  leftSeconds: ComputedRef<number>
  /** How much of the guaranteed time is over, 0 to 1. */
  usedRatio: ComputedRef<number>
  /** Seconds until it begins; negative afterwards. */
  untilStartSeconds: ComputedRef<number>
}

/** A booking against the server's clock, renewed every second. */
export function useMoment(booking: () => Booking): Moment {
  const now = useServerNow(1000)
  const secondsTo = (time: string) => (new Date(time).getTime() - now.value.getTime()) / 1000
  const start = () => booking().reserved_start ?? booking().start_time
  const heldUntil = computed(() => {
    const { held_until, reserved_end, end_time, start_time } = booking()
    return held_until ?? end_time ?? reserved_end ?? start_time
  })
  const elapsedSeconds = computed(() => -secondsTo(booking().start_time))
  const leftSeconds = computed(() => secondsTo(heldUntil.value))
  return {
    now,
    heldUntil,
    cost: computed(() => runningCost(booking(), now.value)),
    elapsedSeconds,
    leftSeconds,
    usedRatio: computed(() => {
      const elapsed = Math.max(0, elapsedSeconds.value)
      return leftSeconds.value > 0 ? elapsed / (elapsed + leftSeconds.value) : 1
    }),
    untilStartSeconds: computed(() => secondsTo(start())),
  }
}
