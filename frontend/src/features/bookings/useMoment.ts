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
  return {
    now,
    heldUntil,
    cost: computed(() => runningCost(booking(), now.value)),
    elapsedSeconds: computed(() => -secondsTo(booking().start_time)),
    leftSeconds: computed(() => secondsTo(heldUntil.value)),
    untilStartSeconds: computed(() => secondsTo(start())),
  }
}
