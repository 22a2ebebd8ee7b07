import type { BookingEnvelope, Schema } from '@/shared/api/types'

/** A user's place in the queue of one lot or several. */
export type Entry = Schema<'EntryOut'>
export type EntryStatus = Entry['status']
/** A spot that is held for the user of an entry, or was. */
export type Offer = Schema<'OfferOut'>
/** An entry as the staff of its lots see it. */
export type AdminEntry = Schema<'AdminEntryOut'>
export type AdminEntryPage = Schema<'AdminEntriesOut'>
export type EntryList = Schema<'EntriesOut'>
/** The place that one would get, or has with `entry_id`. */
export type Place = Schema<'PlaceInQueueOut'>

/** One entry, looked at (then with the server's time) or just changed (then with a message). */
export type EntryEnvelope = { entry: Entry } & Partial<Schema<'OneEntryOut'> & Schema<'JoinedOut'>>
export type ClaimEnvelope = EntryEnvelope & BookingEnvelope
