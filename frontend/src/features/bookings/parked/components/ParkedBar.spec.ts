import { mount, RouterLinkStub } from '@vue/test-utils'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import ParkedBar from './ParkedBar.vue'

const open = ref<{ bookings: Booking[] }>()
vi.mock('@/features/bookings/useBookings', () => ({ useOpenBookings: () => ({ data: open }) }))
const route = { name: 'profile', params: {} as Record<string, string> }
vi.mock('vue-router', () => ({ useRoute: () => route }))
vi.mock('@/features/bookings/useLive', () => ({ useLive: () => undefined }))

const stay = (id: number, values: Partial<Booking> = {}) =>
  ({
    id,
    status: 'Active',
    spot_number: id,
    lot_name: 'Harbour',
    start_time: new Date(Date.now() - 3_600_000).toISOString(),
    currency: 'EUR',
    total_cost: 0,
    tariff: {
      price_per_hour: id,
      billing_step_seconds: 1,
      free_minutes: 0,
      daily_cap: null,
      cap_day: 'rolling',
    },
    ...values,
  }) as unknown as Booking

function bar(...bookings: Booking[]) {
  open.value = { bookings }
  const wrapper = mount(ParkedBar, {
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })
  const link = wrapper.findComponent(RouterLinkStub)
  return link.exists() ? { text: link.text(), to: link.props('to') } : null
}

beforeAll(async () => {
  await useTexts('features/bookings', 'features/lots')
  await setLocale('en')
})

describe('the bar of a stay on other pages', () => {
  it('leads to the one that runs', () => {
    const result = bar(stay(4), stay(5, { status: 'Reserved' }))
    expect(result?.text).toMatch(/Spot 4.*Harbour.*1 h.*€4/s)
    expect(result?.to).toEqual({ name: 'booking', params: { id: 4 } })
  })

  it('says what several come to, and leads to all of them', () => {
    const result = bar(stay(4), stay(5, { lot_name: 'Station' }), stay(6))
    expect(result?.text).toMatch(/3 cars.*Harbour, Station.*€15/s)
    expect(result?.to).toEqual({ name: 'home' })
    expect(bar(stay(4), stay(5, { currency: 'JPY' }))?.text).not.toMatch(/€|¥/)
  })

  it('is there on the page of another booking, and not on that of the stay itself', () => {
    Object.assign(route, { name: 'booking', params: { id: '4' } })
    expect(bar(stay(4))).toBeNull()
    expect(bar(stay(5))?.to).toEqual({ name: 'booking', params: { id: 5 } })
    expect(bar(stay(4), stay(5))?.to).toEqual({ name: 'home' })
    Object.assign(route, { name: 'profile', params: {} })
  })

  it('is not there without a stay', () => {
    expect(bar(stay(5, { status: 'Reserved' }))).toBeNull()
  })
})
