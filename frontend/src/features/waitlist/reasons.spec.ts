import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import de from './locales/de.json'
import en from './locales/en.json'
import { offeredEntry, sampleEntry } from './sample'
import type { Entry } from './types'
import { useEntryText } from './useEntryText'

type Reason = NonNullable<Entry['reason']>

/** What an entry with each reason of the API is like; the compiler misses none of them. */
const ENTRIES: Record<Reason, Partial<Entry>> = {
  time_over: { status: 'Expired' },
  not_claimed: { status: 'Lapsed', offer: offeredEntry().offer },
  declined: { status: 'Declined', offer: offeredEntry().offer },
  left: { status: 'Left' },
  series_ended: { status: 'Left', series_id: 4 },
  lot_closed: { status: 'Expired' },
  spot_closed: { status: 'Waiting', ended_at: null },
  account_deleted: { status: 'Left' },
}
const REASONS = Object.keys(ENTRIES) as Reason[]
/** Nobody reads their own entry after their account was deleted. */
const FOR_DRIVERS = REASONS.filter((reason) => reason !== 'account_deleted')

function texts() {
  let words: ReturnType<typeof useEntryText>
  mount(
    { setup: () => void (words = useEntryText()), template: '<i />' },
    { global: { plugins: [i18n] } },
  )
  return words!
}

describe.each(['en', 'de'] as const)('why an entry ended, in %s', (locale) => {
  it('is said to its driver in words of its own for each reason', async () => {
    await setLocale(locale)
    await useTexts('features/waitlist')
    const { ended, keptPlace } = texts()
    const now = new Date('2026-03-02T12:00:00Z')
    const sentences = FOR_DRIVERS.map((reason) => {
      const entry = sampleEntry({ ended_at: '2026-03-02T11:00:00Z', reason, ...ENTRIES[reason] })
      return ended(entry, now) || keptPlace(entry)
    })
    expect(sentences.every((words) => words && !/waitlist\.\w/.test(words))).toBe(true)
    expect(new Set(sentences).size).toBe(FOR_DRIVERS.length)
  })
})

it.each([
  ['en', en],
  ['de', de],
])('the administrator’s list has words for each reason and for no other, in %s', (_, words) => {
  const { reason } = words.adminWaitlist
  expect(Object.keys(reason).sort()).toEqual([...REASONS].sort())
  expect(new Set(Object.values(reason)).size).toBe(REASONS.length)
})
