import { computed, onScopeDispose, ref, watch, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '@/shared/browser/announce'
import { useFormat } from '@/shared/format/format'
import { useServerNow } from '@/shared/time/clock'
import type { Offer } from './types'

/** The seconds left at which a screen reader is told how much time there is. */
export const ANNOUNCED_SECONDS: readonly number[] = [600, 300, 120, 60]

/** "14:05", or "1:02:05" where it takes hours. Never negative. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`
}

/** The same in whole minutes, the last one in steps of ten seconds: for whom motion is to be reduced. */
export function calmSeconds(seconds: number): number {
  const step = seconds > 60 ? 60 : 10
  return Math.max(0, Math.ceil(seconds / step) * step)
}

/** The mark that was passed between two moments, in seconds left; null when it was none. */
export function passedMark(before: number, now: number): number | null {
  return ANNOUNCED_SECONDS.findLast((mark) => before > mark && now <= mark) ?? null
}

export interface Countdown {
  /** Whether the offer is over by the server's clock. */
  lapsed: ComputedRef<boolean>
  /** What is left, as text that a second does not change where motion is to be reduced. */
  text: ComputedRef<string>
  /** What is left of the offered time, 0 to 1. */
  share: ComputedRef<number>
}

type Span = Pick<Offer, 'offered_at' | 'claim_by'>
const NONE = { offered_at: '', claim_by: null }

/**
 * Counts down to the end of an offer; null: there is none. Screen readers hear a few marks of it, not
 * each second.
 */
export function useCountdown(offer: () => Span | null): Countdown {
  const { t } = useI18n()
  const format = useFormat()
  const now = useServerNow(1000)
  const query = window.matchMedia('(prefers-reduced-motion: reduce)')
  const calm = ref(query.matches)
  const follow = () => (calm.value = query.matches)
  query.addEventListener('change', follow)
  onScopeDispose(() => query.removeEventListener('change', follow))

  const secondsTo = (at: string) => (new Date(at).getTime() - now.value.getTime()) / 1000
  const span = computed(() => offer() ?? NONE)
  /** Seconds left, negative once it has lapsed; 0 without an offer. */
  const left = computed(() => (span.value.claim_by ? secondsTo(span.value.claim_by) : 0))
  const whole = computed(() => left.value - secondsTo(span.value.offered_at))
  const seconds = computed(() => (calm.value ? calmSeconds(left.value) : left.value))

  watch(left, (after, before) => {
    const mark = after > 0 ? passedMark(before, after) : null
    if (mark) announce(t('waitlist.left', { time: format.duration(mark) }))
  })
  return {
    lapsed: computed(() => span.value.claim_by !== null && left.value <= 0),
    text: computed(() => (calm.value ? format.duration(seconds.value) : clockText(left.value))),
    share: computed(() => Math.min(1, Math.max(0, seconds.value / (whole.value || 1)))),
  }
}
