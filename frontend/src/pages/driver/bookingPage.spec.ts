import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, shallowMount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { bookingsApi } from '@/features/bookings/api'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import PageHeader from '@/shared/ui/PageHeader.vue'
import BookingPage from './BookingPage.vue'

vi.mock('@/features/bookings/useLive', () => ({ useLive: () => {} }))

async function title(booking: object): Promise<string> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', component: { template: '<p />' } }],
  })
  vi.spyOn(bookingsApi, 'one').mockResolvedValue({ booking } as never)
  const wrapper = shallowMount(BookingPage, {
    props: { id: '1' },
    global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient: new QueryClient() }]] },
  })
  await flushPromises()
  return wrapper.getComponent(PageHeader).props('title')
}

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/bookings/history')
})

describe('the page of a booking', () => {
  it('has a title that says for whom it is', async () => {
    const booking = { id: 1, status: 'Reserved', visitor_name: null, lot_address: null }
    expect(await title(booking)).toBe('Your reservation')
    const guest = { ...booking, visitor_name: 'Petra Sommer' }
    expect(await title(guest)).toBe('Reservation for Petra Sommer')
  })
})
