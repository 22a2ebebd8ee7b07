import { provide } from 'vue'
import { SECOND_STAY } from '@/features/waitlist/secondStay'
import { lazyDialog } from '@/shared/dialog/lazyDialog'
import { useRunningStays } from '@/features/bookings/useRunningStays'

/** Lets the offers of the waitlist below ask, as a booking does, before a second stay begins. */
export function provideSecondStay(): void {
  const question = lazyDialog(
    () => import('./components/ParkedAlready.vue'),
    'features/bookings/history',
  )
  provide(SECOND_STAY, { ...useRunningStays(), question })
}
