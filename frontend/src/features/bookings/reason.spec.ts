import { describe, expect, it } from 'vitest'
import { setLocale, useTexts } from '@/shared/format/i18n'
import { reasonOf } from './reason'

describe('why a booking ended', () => {
  it('is said in the language of the reader where the program gave the reason', async () => {
    await useTexts('features/bookings/history')
    await setLocale('de')
    const closed = { reason: 'Harbour has closed.', reason_code: 'lot_closed' } as const
    expect(reasonOf(closed)).toBe('Der Parkplatz wurde geschlossen.')
    await setLocale('en')
    expect(reasonOf(closed)).toBe('The lot has closed.')
  })

  it('is said in the words of the operator else', () => {
    expect(reasonOf({ reason: 'Brandschau', reason_code: null })).toBe('Brandschau')
    expect(reasonOf({ reason: null, reason_code: null })).toBeNull()
  })
})
