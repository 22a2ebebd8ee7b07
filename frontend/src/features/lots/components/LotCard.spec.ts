import { mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Component } from 'vue'
import type { PublicLot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import LotCard from './LotCard.vue'
import LotLayout from './LotLayout.vue'

const lot = (available_spots: number, capacity: number) =>
  ({
    id: 1,
    name: 'Harbour',
    address: null,
    available_spots,
    capacity,
    currency: 'EUR',
    tariff: { price_per_hour: 2, billing_step_seconds: 60, free_minutes: 0, daily_cap: null },
  }) as unknown as PublicLot

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/lots')
})

describe.each<[string, Component]>([
  ['card', LotCard],
  ['page', LotLayout],
])('the %s of a lot', (_, component) => {
  const count = (free: number, capacity: number) =>
    mount(component, {
      props: { lot: lot(free, capacity), label: 'Park at Harbour' },
      global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
    })
      .get('[data-testid=free-count]')
      .text()

  it('says how many spots are free of how many', () => {
    expect(count(3, 4)).toMatch(/^3\s*free of 4$/)
  })

  it('says of a full lot how large it is, and counts nothing free', () => {
    expect(count(0, 1)).toMatch(/^Full\s*1 spot$/)
    expect(count(0, 4)).toMatch(/^Full\s*4 spots$/)
  })
})
