import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { useOrdinal } from './ordinal'
import type { Entry } from './types'

/** What the card of a lot says to somebody who waits there for a spot now. */
export interface LotPlace {
  entryId: number
  text: string
}
/** By the id of the lot. */
export type LotPlaces = ReadonlyMap<number, LotPlace>

/** Where one waits for a spot now: who waits for a window may still join for now. */
export function useLotPlaces(entries: MaybeRefOrGetter<readonly Entry[]>) {
  const { t } = useI18n()
  const ordinal = useOrdinal()
  return computed<LotPlaces>(() => {
    const places = new Map<number, LotPlace>()
    for (const { id, status, reserved_start, lots, offer } of toValue(entries)) {
      if (reserved_start !== null) continue
      if (status === 'Offered' && offer)
        places.set(offer.lot_id, { entryId: id, text: t('waitlist.offer.title') })
      if (status !== 'Waiting') continue
      for (const lot of lots)
        if (lot.position !== null) {
          const text = t('waitlist.place.here', { place: ordinal(lot.position) })
          places.set(lot.id, { entryId: id, text })
        }
    }
    return places
  })
}
