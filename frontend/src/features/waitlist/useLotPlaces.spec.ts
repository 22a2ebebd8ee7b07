import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { offeredEntry, sampleEntry, sampleOffer } from './sample'
import type { Entry } from './types'
import { useLotPlaces, type LotPlaces } from './useLotPlaces'

const NOW = { booking_type: 'instant', reserved_start: null, reserved_end: null } as const
const lot = (id: number, position: number | null) => ({
  id,
  name: 'Lot',
  timezone: 'UTC',
  position,
})

async function placesOf(locale: 'en' | 'de', ...entries: Entry[]) {
  await setLocale(locale)
  await useTexts('features/waitlist')
  let places: LotPlaces = new Map()
  const read = {
    setup() {
      places = useLotPlaces(entries).value
      return () => null
    },
  }
  mount(read, { global: { plugins: [i18n] } })
  return Object.fromEntries(places)
}

describe('where one waits now', () => {
  it('is said of each lot of an entry, in both languages', async () => {
    const entry = sampleEntry({ ...NOW, lots: [lot(1, 2), lot(2, 1)] })
    expect(await placesOf('en', entry)).toEqual({
      1: { entryId: 7, text: 'You are waiting here · 2nd' },
      2: { entryId: 7, text: 'You are waiting here · 1st' },
    })
    expect((await placesOf('de', entry))[1]).toEqual({
      entryId: 7,
      text: 'Sie warten hier · an 2. Stelle',
    })
  })

  it('is said of the lot that has an offer, not of the others', async () => {
    const offer = sampleOffer({ lot_id: 2 })
    const entry = offeredEntry({ ...NOW, lots: [lot(1, null), lot(2, null)], offer })
    expect(await placesOf('en', entry)).toEqual({
      2: { entryId: 7, text: 'A spot is held for you' },
    })
  })

  it('is not said of a window, beside which one may still join for now, nor of what has ended', async () => {
    const left = sampleEntry({ ...NOW, status: 'Left', lots: [lot(1, null)], position: null })
    expect(await placesOf('en', sampleEntry(), left)).toEqual({})
  })
})
