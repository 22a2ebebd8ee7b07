import { useI18n } from 'vue-i18n'
import { useFormat } from '@/shared/format/format'
import { useOrdinal } from './ordinal'
import type { Entry, Offer } from './types'

/** An entry of the waitlist in words. Times are in the zone of its lot. */
export function useEntryText() {
  const { t } = useI18n()
  const format = useFormat()
  const ordinal = useOrdinal()

  const zoneOf = (entry: Entry) => entry.offer?.lot_timezone ?? entry.lots[0]?.timezone ?? 'UTC'
  /** Where: the lots that are waited for, or the one that has the offer. */
  const lots = ({ status, offer, lots }: Entry) =>
    status === 'Offered' && offer ? offer.lot_name : lots.map(({ name }) => name).join(', ')
  const untilOf = (at: string, entry: Entry, now: Date) => format.until(at, zoneOf(entry), now)

  /** For when: the window, or now. */
  function when(entry: Entry, now: Date): string {
    const { reserved_start: from, reserved_end: to } = entry
    return from && to ? format.timeRange(from, to, zoneOf(entry), now) : t('waitlist.when.now')
  }

  /** One's place in the queue; of several lots with each of them. */
  function place(entry: Entry): string {
    const known = entry.lots.filter((lot) => lot.position !== null)
    if (known.length > 1)
      return known
        .map((lot) => t('waitlist.place.atLot', { lot: lot.name, place: ordinal(lot.position!) }))
        .join(' · ')
    if (!entry.position) return ''
    return entry.position === 1
      ? t('waitlist.place.next')
      : t('waitlist.place.at', { place: ordinal(entry.position) })
  }

  /** What an offer costs: its window, or an hour. */
  const price = (offer: Offer) =>
    offer.total_cost === null
      ? t('waitlist.offer.perHour', { amount: format.price(offer.price_per_hour, offer.currency) })
      : format.money(offer.total_cost, offer.currency)

  /** Of one that waits, why it lost its offer or one of its lots; empty where it did not. */
  const keptPlace = ({ reason }: Entry) =>
    reason === 'spot_closed' || reason === 'lot_closed' ? t(`waitlist.keptPlace.${reason}`) : ''

  /** How an entry came to its end; empty while it has not. */
  function ended(entry: Entry, now: Date): string {
    const { status, offer, reason } = entry
    if (status === 'Waiting' || status === 'Offered') return ''
    if (reason === 'lot_closed') return t('waitlist.ended.lot_closed', { lot: lots(entry) })
    if (reason === 'series_ended') return t('waitlist.ended.series_ended')
    if (status === 'Expired')
      return t('waitlist.ended.Expired', { time: untilOf(entry.waits_until, entry, now) })
    if (status !== 'Lapsed') return t(`waitlist.ended.${status}`)
    if (!offer?.claim_by) return t('waitlist.ended.lapsedShort')
    const time = untilOf(offer.claim_by, entry, now)
    return t('waitlist.ended.Lapsed', { spot: offer.spot_number, lot: offer.lot_name, time })
  }

  return { lots, when, place, price, keptPlace, ended, until: untilOf }
}
