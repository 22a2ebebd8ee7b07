import type { Component, InjectionKey } from 'vue'
import type { Booking } from '@/shared/api/types'

/**
 * What an offer must know of the stays that run: accepting a spot from now on begins another one.
 * Bookings, which stand above the waitlist, provide it.
 */
export interface SecondStay {
  runningStays: () => Promise<Booking[]>
  endAll: (stays: readonly Booking[]) => Promise<void>
  /** Asks: takes `running` and `busy`, answers `end`, `keep` or `cancel`. */
  question: Component
}
export const SECOND_STAY: InjectionKey<SecondStay> = Symbol('second stay')
