import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Lot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { NO_FILTERS, type AdminFilters } from '@/features/bookings/admin/adminFilters'
import AdminFilterBar from './AdminFilterBar.vue'

const BERLIN = { id: 1, name: 'Spree', timezone: 'Europe/Berlin' } as Lot
const TOKYO = { id: 2, name: 'Sumida', timezone: 'Asia/Tokyo' } as Lot
const NOTE = 'The days are those of Europe/Berlin.'

const bar = (filters: Partial<AdminFilters>, lots: Lot[]) =>
  mount(AdminFilterBar, {
    props: { modelValue: { ...NO_FILTERS, ...filters }, lots, zone: 'Europe/Berlin' },
    global: { plugins: [i18n] },
  }).text()

beforeAll(async () => {
  await useTexts('features/bookings/admin', 'features/bookings/history')
  await setLocale('en')
})

describe('the zone of the days', () => {
  it('is said where a lot has another one', () => {
    expect(bar({ from: '2026-03-01' }, [BERLIN, TOKYO])).toContain(NOTE)
    expect(bar({ to: '2026-03-01' }, [BERLIN, TOKYO])).toContain(NOTE)
  })

  it('is not said where it could not be another one', () => {
    expect(bar({ from: '2026-03-01' }, [BERLIN])).not.toContain(NOTE)
    expect(bar({ from: '2026-03-01', lot_id: '2' }, [BERLIN, TOKYO])).not.toContain(NOTE)
    expect(bar({}, [BERLIN, TOKYO])).not.toContain(NOTE)
  })
})
