import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { useSession } from '@/features/accounts/session'
import { asApiError } from '@/shared/api/errors'
import type { Booking } from '@/shared/api/types'
import { useErrorText } from '@/shared/api/useErrorText'
import { useFormat } from '@/shared/format/format'
import { toast } from '@/shared/ui/toasts'
import { openBookings } from './api'
import { pendingIds } from './release/pendingIds'
import { releaseOrKeep } from './release/pendingRelease'
import { useBookingChanged } from './useBookings'

/** How old the known list of open bookings may be before it is read again, in milliseconds. */
const FRESH_MS = 15_000

/** The stays that a second one would run beside, and their end. */
export function useRunningStays() {
  const { t } = useI18n()
  const format = useFormat()
  const errorText = useErrorText()
  const session = useSession()
  const client = useQueryClient()
  const changed = useBookingChanged()

  /** The stays of the driver that run now, without those of guests; none when that cannot be known, since then booking fails as well. */
  const runningStays = () =>
    client
      .fetchQuery({ queryKey: ['bookings', 'open'], queryFn: openBookings, staleTime: FRESH_MS })
      .then(
        ({ bookings }) =>
          bookings.filter(
            ({ id, status, visitor_name }) =>
              status === 'Active' && !visitor_name && !pendingIds.value.includes(id),
          ),
        () => [],
      )

  async function end(stay: Booking): Promise<void> {
    try {
      const answer = await releaseOrKeep(stay.id, session.user!.id)
      if (!answer) return toast(t('release.notReleased'), { kind: 'problem' })
      changed(answer)
      const amount = format.money(answer.total_cost, answer.booking.currency)
      toast(t('parked.ended', { lot: stay.lot_name, amount }))
    } catch (thrown) {
      toast(errorText(asApiError(thrown)), { kind: 'problem' })
    }
  }

  async function endAll(stays: readonly Booking[]): Promise<void> {
    for (const stay of stays) await end(stay)
  }
  return { runningStays, endAll }
}
