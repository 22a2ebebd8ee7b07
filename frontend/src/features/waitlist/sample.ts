import type { Entry, Offer } from './types'

/** A place in a queue for the tests of this folder. */
export const sampleEntry = (values: Partial<Entry> = {}): Entry => ({
  id: 7,
  status: 'Waiting',
  booking_type: 'reserved',
  lots: [{ id: 1, name: 'Harbour', timezone: 'UTC', position: 3 }],
  position: 3,
  reserved_start: '2026-03-03T09:00:00Z',
  reserved_end: '2026-03-03T17:00:00Z',
  waits_until: '2026-03-03T09:00:00Z',
  needs: [],
  vehicle_plate: null,
  created_at: '2026-03-02T11:00:00Z',
  ended_at: null,
  told_at: null,
  reason: null,
  series_id: null,
  booking_id: null,
  offer: null,
  ...values,
})

export const sampleOffer = (values: Partial<Offer> = {}): Offer => ({
  booking_id: 41,
  lot_id: 1,
  lot_name: 'Harbour',
  lot_timezone: 'UTC',
  spot_id: 50,
  spot_number: 5,
  offered_at: '2026-03-02T12:00:00Z',
  claim_by: '2026-03-02T12:15:00Z',
  booking_type: 'reserved',
  reserved_start: '2026-03-03T09:00:00Z',
  reserved_end: '2026-03-03T17:00:00Z',
  price_per_hour: 2.5,
  currency: 'EUR',
  total_cost: 20,
  ...values,
})

/** The same place with an offer. */
export const offeredEntry = (values: Partial<Entry> = {}): Entry =>
  sampleEntry({ status: 'Offered', position: null, offer: sampleOffer(), ...values })
