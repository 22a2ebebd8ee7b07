import { onScopeDispose, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { shownAccount } from '@/shared/api/http'
import type { Subscriber } from './sharedStream'

/**
 * Listens to the event stream while the component lives: with the spots of `lotId` when given.
 * `poll` asks the server for everything that is shown, when events may have been missed.
 */
export function useStream(
  lotId: MaybeRefOrGetter<number | null>,
  { event, poll }: Omit<Subscriber, 'lotId'>,
): void {
  const account = shownAccount()
  let stop = () => {}
  let stopped = false

  async function listen(lot: number | null): Promise<void> {
    // Not needed for the first paint, so not part of the first load.
    const { sharedStream } = await import('./sharedStream')
    if (stopped || account !== shownAccount()) return
    const stopBefore = stop
    stop = sharedStream(account).subscribe({ lotId: lot, event, poll })
    stopBefore()
  }

  watch(
    () => toValue(lotId),
    (id) => void listen(id),
    { immediate: true },
  )
  onScopeDispose(() => {
    stopped = true
    stop()
  })
}
