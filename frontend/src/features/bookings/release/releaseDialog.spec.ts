import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import ReleaseDialog from '@/features/bookings/components/ReleaseDialog.vue'

const booking = {
  id: 5,
  status: 'Active',
  spot_number: 17,
  currency: 'EUR',
  start_time: '2026-03-02T09:00:00Z',
  held_until: '2026-03-02T13:00:00Z',
  end_time: null,
  reserved_start: null,
  reserved_end: null,
  tariff: {
    price_per_hour: 2,
    billing_step_seconds: 1,
    free_minutes: 0,
    daily_cap: null,
    cap_day: 'rolling',
  },
} as unknown as Booking

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-03-02T11:00:00Z') })
  await setLocale('en')
  await useTexts('features/bookings/history')
})
afterEach(() => vi.useRealTimers())

it('the amount counts on while the dialog is open, and no button keeps an older one', async () => {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', component: { template: '<p />' } }],
  })
  const dialog = mount(ReleaseDialog, {
    props: { open: true, booking },
    global: {
      plugins: [i18n, router, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { AppDialog: { template: '<section><slot /><slot name="actions" /></section>' } },
    },
  })
  expect(dialog.get('dd.pw-figure').text()).toBe('€4.00')
  await vi.advanceTimersByTimeAsync(30 * 60_000)
  expect(dialog.get('dd.pw-figure').text()).toBe('€5.00')
  expect(dialog.findAll('button').map((one) => one.text())).toEqual(['Keep parking', 'End parking'])
})
