import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import { NO_FILTERS } from '@/features/bookings/admin/adminFilters'
import type { AdminBooking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import FilterChips from './FilterChips.vue'

const booking = { user_id: 7, username: 'alice' } as AdminBooking
const chips = (bookings: AdminBooking[]) =>
  mount(FilterChips, {
    props: { modelValue: { ...NO_FILTERS, user_id: '7' }, bookings },
    global: { plugins: [i18n] },
  }).get('button')

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/bookings/admin')
})

describe('the filters that came with a link', () => {
  it('name the user as the list does, and the number only where nobody is listed', () => {
    expect(chips([booking]).text()).toBe('alice')
    expect(chips([booking]).attributes('aria-label')).toBe('Remove the filter “alice”')
    expect(chips([]).text()).toBe('User no. 7')
  })
})
