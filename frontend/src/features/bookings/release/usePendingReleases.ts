import { onBeforeUnmount, onMounted, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useSession } from '@/features/accounts/session'
import { useFormat } from '@/shared/format/format'
import { toast } from '@/shared/ui/toasts'
import { sendPending, wasNotFree } from './pendingRelease'
import { useBookingChanged } from '@/features/bookings/useBookings'

/** Sends kept releases when the network comes back, at start, and every half minute until done. */
export function usePendingReleases(): void {
  const { t } = useI18n()
  const session = useSession()
  const changed = useBookingChanged()
  const format = useFormat()

  const send = () => {
    if (!session.user) return
    void sendPending(
      session.user.id,
      (answer) => {
        changed(answer)
        const amount = format.money(answer.total_cost, answer.booking.currency)
        toast(wasNotFree(answer) ? t('release.notFree') : t('release.sentLater', { amount }))
      },
      () => toast(t('release.refusedLater'), { kind: 'problem' }),
    )
  }

  let timer: ReturnType<typeof setInterval>
  onMounted(() => {
    window.addEventListener('online', send)
    timer = setInterval(send, 30_000)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('online', send)
    clearInterval(timer)
  })
  watch(() => session.user?.id, send, { immediate: true })
}
