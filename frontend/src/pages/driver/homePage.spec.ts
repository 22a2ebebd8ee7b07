import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { bookingsApi } from '@/features/bookings/api'
import { lotsApi } from '@/features/lots/api'
import type { Lot } from '@/shared/api/types'
import { i18n, setLocale } from '@/shared/format/i18n'
import HomePage from './HomePage.vue'

vi.mock('@/features/bookings/useLive', () => ({ useLive: () => {} }))
const BookDialog = {
  props: ['open', 'lot', 'startWith'],
  template: '<p v-if="open" class="sheet">{{ lot.name }}, {{ startWith }}</p>',
}

const OwnWaitlist = { props: ['part'], emits: ['ready', 'places'], template: '<i />' }

const lot = (id: number, name: string, available_spots: number) =>
  ({
    id,
    name,
    available_spots,
    capacity: 4,
    address: null,
    latitude: null,
    longitude: null,
    currency: 'EUR',
    price_per_hour: 2,
    tariff: { price_per_hour: 2, billing_step_seconds: 60, free_minutes: 0, daily_cap: null },
  }) as unknown as Lot

async function home(...lots: Lot[]) {
  vi.spyOn(lotsApi, 'list').mockResolvedValue(lots)
  vi.spyOn(bookingsApi, 'list').mockResolvedValue({ bookings: [] } as never)
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', component: { template: '<p />' } }],
  })
  const wrapper = mount(HomePage, {
    global: {
      plugins: [i18n, router, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: {
        BookDialog,
        OwnWaitlist,
        LiveBadge: true,
        LotToolbar: true,
        RouterLink: RouterLinkStub,
      },
    },
  })
  await flushPromises()
  return wrapper
}
type Home = Awaited<ReturnType<typeof home>>
const buttons = (wrapper: Home) => wrapper.findAll('article button').map((one) => one.text())

beforeEach(() => setLocale('en'))

describe('the card of a lot at home', () => {
  it('leads to the waitlist where the lot is full', async () => {
    const wrapper = await home(lot(1, 'Harbour', 0))
    expect(buttons(wrapper)).toEqual(['Join the waitlist', 'Reserve'])
    await wrapper.get('[aria-label="Join the waitlist: Harbour"]').trigger('click')
    expect(wrapper.get('.sheet').text()).toBe('Harbour, now')
  })

  it('names the waitlist beside the lot that has room, and nowhere where a spot is free', async () => {
    const wrapper = await home(lot(1, 'Harbour', 0), lot(2, 'Station', 3))
    expect(buttons(wrapper)).toEqual([
      'Book now',
      'Reserve',
      'Book Station instead',
      'Join the waitlist',
      'Reserve',
    ])
  })

  it('says where one stands who waits there already, and leads to that place', async () => {
    const wrapper = await home(lot(1, 'Harbour', 0), lot(2, 'Station', 0), lot(3, 'Airport', 2))
    const place = (entryId: number) => ({ entryId, text: 'You are waiting here · 2nd' })
    wrapper.getComponent(OwnWaitlist).vm.$emit(
      'places',
      new Map([
        [1, place(7)],
        [3, place(8)],
      ]),
    )
    await flushPromises()
    const name = 'You are waiting here · 2nd: Harbour'
    const link = wrapper
      .findAllComponents(RouterLinkStub)
      .find((one) => one.attributes('aria-label') === name)
    expect(link?.text()).toBe('You are waiting here · 2nd')
    expect(link?.props('to')).toEqual({ name: 'waitlist', params: { id: 7 } })
    const card = (name: string) =>
      wrapper.findAll('article').find((one) => one.get('h3').text() === name)!
    expect(card('Harbour').text()).not.toContain('Join the waitlist')
    expect(card('Station').text()).toContain('Join the waitlist')
    expect(card('Airport').text()).not.toContain('You are waiting here')
  })

  it('can be read in German', async () => {
    await setLocale('de')
    expect(buttons(await home(lot(1, 'Hafen', 0)))[0]).toBe('Auf die Warteliste')
  })
})
