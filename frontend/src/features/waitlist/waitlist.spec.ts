import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { reactive } from 'vue'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { currentToast } from '@/shared/ui/toasts'
import { lotsApi } from '@/features/lots/api'
import { waitlistApi } from './api'
import OfferWatch from './components/OfferWatch.vue'
import WaitlistCards from './components/WaitlistCards.vue'
import { entriesAtHome } from './lastEntries'
import { offeredEntry, sampleEntry } from './sample'
import { SECOND_STAY } from './secondStay'
import type { Entry } from './types'

type Listener = { event: (name: string, data: unknown) => void; poll: () => Promise<unknown> }
const stream = vi.hoisted(() => ({ listeners: [] as Listener[] }))
vi.mock('@/shared/realtime/useStream', () => ({
  useStream: (_lot: null, listener: Listener) => void stream.listeners.push(listener),
}))
const route = reactive({ name: 'home', params: {} as Record<string, string> })
const push = vi.fn()
vi.mock('vue-router', () => ({ useRoute: () => route, useRouter: () => ({ push }) }))

let stored: Entry[]
const TWO = '<div><WaitlistCards part="offers" /><WaitlistCards part="rest" /></div>'
const dialog = {
  props: ['open', 'title'],
  template: '<section v-if="open"><h3>{{ title }}</h3><slot /><slot name="actions" /></section>',
}
const mounted = (
  component: typeof OfferWatch | typeof WaitlistCards,
  stubs: object = {},
  part?: 'offers' | 'rest',
) => {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return mount(component as typeof OfferWatch, {
    ...(part && { props: { part } as never }),
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient }]],
      stubs: { RouterLink: RouterLinkStub, ...stubs },
      provide: { [SECOND_STAY as symbol]: { runningStays: () => Promise.resolve([]) } },
    },
  })
}
const event = async (name: string) => {
  stream.listeners.at(-1)!.event(name, { id: 7, status: 'Offered' })
  await flushPromises()
}

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-03-02T12:00:30Z'), toFake: ['Date'] })
  stored = []
  stream.listeners.length = 0
  route.name = 'home'
  route.params = {}
  push.mockReset()
  currentToast.value = null
  vi.spyOn(lotsApi, 'list').mockResolvedValue([])
  vi.spyOn(waitlistApi, 'list').mockImplementation(() =>
    Promise.resolve({ entries: stored, server_time: '2026-03-02T12:00:30Z' }),
  )
  await setLocale('en')
  await useTexts('features/waitlist')
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

describe('what home shows', () => {
  it('is an offer first, then the places, then what has passed; and nothing that one ended oneself', () => {
    const entries = [
      sampleEntry({ id: 1 }),
      offeredEntry({ id: 2 }),
      sampleEntry({ id: 3, status: 'Lapsed', ended_at: '2026-03-02T11:00:00Z' }),
      sampleEntry({ id: 4, status: 'Left', ended_at: '2026-03-02T11:00:00Z' }),
      sampleEntry({ id: 5, status: 'Claimed', ended_at: '2026-03-02T11:00:00Z' }),
    ]
    expect(entriesAtHome(entries).map(({ id }) => id)).toEqual([2, 1, 3])
  })

  it('says that it has come, also when there is nothing, and notes what to expect the next time', async () => {
    const empty = mounted(WaitlistCards, {}, 'rest')
    await flushPromises()
    expect(empty.emitted('ready')).toHaveLength(1)
    expect(empty.find('section').exists()).toBe(false)
    expect(localStorage.getItem('pw-waitlist')).toBeNull()
    stored = [sampleEntry()]
    const full = mounted(WaitlistCards, {}, 'rest')
    await flushPromises()
    expect(full.get('h2').text()).toBe('Your waitlist')
    expect(full.emitted('places')!.at(-1)).toEqual([new Map()])
    stored = [sampleEntry({ reserved_start: null, reserved_end: null })]
    const now = mounted(WaitlistCards, {}, 'rest')
    await flushPromises()
    const place = { entryId: 7, text: 'You are waiting here · 3rd' }
    expect(now.emitted('places')!.at(-1)).toEqual([new Map([[1, place]])])
    expect(localStorage.getItem('pw-waitlist')).toBe('1')
  })

  it('is an offer above all else, and the rest further down; what was looked at keeps the focus', async () => {
    stored = [offeredEntry({ id: 13 }), sampleEntry({ id: 14 })]
    const queryClient = new QueryClient()
    const both = mount(
      { components: { WaitlistCards }, template: TWO },
      {
        attachTo: document.body,
        global: {
          plugins: [i18n, [VueQueryPlugin, { queryClient }]],
          stubs: { RouterLink: RouterLinkStub },
          provide: { [SECOND_STAY as symbol]: { runningStays: () => Promise.resolve([]) } },
        },
      },
    )
    await flushPromises()
    const parts = () => both.findAll('.pw-waitlist').map((one) => one.get('h2').text())
    expect(parts()).toEqual(['A spot is held for you', 'Your waitlist'])
    expect(both.findAll('article').map((one) => one.get('.badge').text())).toEqual([
      'Spot offered',
      'Waiting',
    ])
    both.get<HTMLElement>('article button').element.focus()
    stored = [sampleEntry({ id: 14 }), sampleEntry({ id: 13, status: 'Lapsed' })]
    await queryClient.invalidateQueries()
    await vi.waitFor(() => expect(parts()).toEqual(['Your waitlist']))
    await vi.waitFor(() =>
      expect(document.activeElement).toBe(both.get('.pw-waitlist-rest').element),
    )
  })

  it('loses what is hidden, and the focus goes to what is left', async () => {
    const ended = { status: 'Lapsed', ended_at: '2026-03-02T11:00:00Z' } as const
    stored = [sampleEntry({ id: 11 }), sampleEntry({ id: 12, ...ended })]
    const wrapper = mounted(WaitlistCards, {}, 'rest')
    await flushPromises()
    const hide = wrapper.findAll('button').find((one) => one.text().startsWith('Hide'))!
    await hide.trigger('click')
    await vi.waitFor(() => expect(document.activeElement).toBe(wrapper.get('section').element))
    expect(wrapper.findAll('article')).toHaveLength(1)
    expect(entriesAtHome(stored).map(({ id }) => id)).toEqual([11])
  })
})

describe('a place that is left at home', () => {
  it('takes its card away, and the focus goes to the heading of the page', async () => {
    document.body.innerHTML = '<main><h1 tabindex="-1">Hello</h1></main>'
    stored = [sampleEntry({ id: 21 })]
    const wrapper = mounted(WaitlistCards, { AppDialog: dialog }, 'rest')
    await flushPromises()
    vi.spyOn(waitlistApi, 'leave').mockImplementation(() => {
      const entry = sampleEntry({ id: 21, status: 'Left', ended_at: '2026-03-02T12:00:30Z' })
      stored = [entry]
      return Promise.resolve({ entry })
    })
    await wrapper.get('article button').trigger('click')
    await wrapper.findAll('article section button').at(-1)!.trigger('click')
    await vi.waitFor(() => expect(wrapper.find('section').exists()).toBe(false))
    await vi.waitFor(() => expect(document.activeElement?.tagName).toBe('H1'))
    expect(currentToast.value?.text).toBe('You left the waitlist.')
  })
})

describe('the watch for offers', () => {
  it('tells of an offer when it comes, once, with the way to it', async () => {
    stored = [sampleEntry()]
    mounted(OfferWatch)
    await flushPromises()
    expect(currentToast.value).toBeNull()
    await event('booking')
    expect(waitlistApi.list).toHaveBeenCalledTimes(1)
    stored = [offeredEntry()]
    await event('offer')
    expect(currentToast.value?.text).toMatch(
      /A spot is held for you at Harbour: spot 5, until .*12:15/,
    )
    currentToast.value!.action!.run()
    expect(push).toHaveBeenCalledExactlyOnceWith({ name: 'waitlist', params: { id: 7 } })
    currentToast.value = null
    await event('offer')
    expect(currentToast.value).toBeNull()
  })

  it('tells on other pages of one that was there before, and not at home, which shows it', async () => {
    stored = [offeredEntry()]
    mounted(OfferWatch)
    await flushPromises()
    expect(currentToast.value).toBeNull()
    route.name = 'bookings'
    mounted(OfferWatch)
    await flushPromises()
    expect(currentToast.value?.text).toContain('spot 5')
  })

  it('is silent on the page of that offer', async () => {
    Object.assign(route, { name: 'waitlist', params: { id: '7' } })
    stored = [sampleEntry()]
    mounted(OfferWatch)
    await flushPromises()
    stored = [offeredEntry()]
    await event('offer')
    expect(currentToast.value).toBeNull()
  })

  it('asks again when events were missed', async () => {
    mounted(OfferWatch)
    await flushPromises()
    await stream.listeners[0]!.poll()
    expect(waitlistApi.list).toHaveBeenCalledTimes(2)
  })
})
