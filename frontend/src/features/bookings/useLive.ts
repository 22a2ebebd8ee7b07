import { useQueryClient, type QueryClient } from '@tanstack/vue-query'
import type { MaybeRefOrGetter } from 'vue'
import { applyLot, applySpot, type LotEvent, type SpotEvent } from '@/features/lots/live'
import { useStream } from '@/shared/realtime/useStream'

const LIVE_KEYS = [['lots'], ['spots'], ['bookings'], ['booking'], ['admin']]

/** Asks again for everything on the screen that lives. */
function refetchShown(client: QueryClient): Promise<unknown> {
  return Promise.all(LIVE_KEYS.map((queryKey) => client.invalidateQueries({ queryKey })))
}

function applyEvent(client: QueryClient, name: string, data: unknown): void {
  if (name === 'lot') applyLot(client, data as LotEvent)
  if (name === 'spot') applySpot(client, data as SpotEvent)
  if (name !== 'booking') return
  const { id } = data as { id: number }
  void client.invalidateQueries({ queryKey: ['booking', id] })
  void client.invalidateQueries({ queryKey: ['bookings'] })
}

/**
 * Keeps the page current while the component lives: free counts of all lots, the spots of `lotId`
 * when given, one's own bookings. `onEvent` hears every event after it was applied.
 */
export function useLive(
  lotId: MaybeRefOrGetter<number | null> = null,
  onEvent: (name: string, data: unknown) => void = () => {},
): void {
  const client = useQueryClient()
  useStream(lotId, {
    event: (name, data) => {
      applyEvent(client, name, data)
      onEvent(name, data)
    },
    poll: () => refetchShown(client),
  })
}
