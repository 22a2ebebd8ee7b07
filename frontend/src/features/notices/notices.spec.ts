import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { announcement } from '@/shared/browser/announce'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import NoticeBell from './components/NoticeBell.vue'
import { noticesApi, type Notice } from './api'

type Listener = { event: (name: string, data: unknown) => void; poll: () => Promise<unknown> }
const stream = vi.hoisted(() => ({ listeners: [] as Listener[] }))
vi.mock('@/shared/realtime/useStream', () => ({
  useStream: (_lot: null, listener: Listener) => void stream.listeners.push(listener),
}))

const notice = (id: number): Notice => ({
  id,
  kind: 'booking_force_released',
  booking_id: id * 10,
  series_id: null,
  created_at: '2026-03-02T12:00:00Z',
  title: 'The operator ended your booking',
  place: `Spot ${id} · Harbour`,
  paragraphs: ['The operator ended this booking on Mon 2 Mar 2026, 14:00.'],
  details: [{ label: 'Total', value: '€12.34' }],
})

let stored: Notice[]
const reply = () => Promise.resolve({ notices: stored, next: null, total: stored.length })

async function bell() {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrapper = mount(NoticeBell, {
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient }]],
      stubs: { RouterLink: RouterLinkStub, Teleport: true },
    },
  })
  await flushPromises()
  return wrapper
}

async function opened() {
  const wrapper = await bell()
  await wrapper.get('.pw-bell').trigger('click')
  await vi.dynamicImportSettled()
  await flushPromises()
  return wrapper
}

const label = (wrapper: Awaited<ReturnType<typeof bell>>) =>
  wrapper.get('.pw-bell').attributes('aria-label')

beforeEach(async () => {
  stored = [notice(2), notice(1)]
  stream.listeners.length = 0
  announcement.value = ''
  vi.spyOn(noticesApi, 'list').mockImplementation(reply)
  await useTexts('features/notices')
  await setLocale('en')
})
afterEach(() => {
  vi.restoreAllMocks()
  document.body.innerHTML = ''
})

describe('the bell', () => {
  it('says how many notices there are', async () => {
    const wrapper = await bell()
    expect(label(wrapper)).toBe('2 notices')
    expect(wrapper.get('.pw-bell-count').text()).toBe('2')
    stored = []
    stream.listeners[0]!.event('notice', {})
    await flushPromises()
    expect(label(wrapper)).toBe('No notices')
    expect(wrapper.find('.pw-bell-count').exists()).toBe(false)
  })

  it('asks again when a notice has come, not for other events, and when events were missed', async () => {
    await bell()
    stream.listeners[0]!.event('booking', { id: 1 })
    expect(noticesApi.list).toHaveBeenCalledTimes(1)
    stream.listeners[0]!.event('notice', {})
    await flushPromises()
    expect(noticesApi.list).toHaveBeenCalledTimes(2)
    await stream.listeners[0]!.poll()
    expect(noticesApi.list).toHaveBeenCalledTimes(3)
  })

  it('announces what waits and what comes', async () => {
    await bell()
    await vi.waitFor(() => expect(announcement.value).toBe('2 notices'))
    stored = [notice(3), ...stored]
    stream.listeners[0]!.event('notice', {})
    await vi.waitFor(() =>
      expect(announcement.value).toBe('The operator ended your booking. Spot 3 · Harbour'),
    )
  })

  it('names no number when the list could not be loaded', async () => {
    vi.mocked(noticesApi.list).mockRejectedValue(new ApiError(500, 'internal', 'no'))
    expect(label(await bell())).toBe('Notices')
  })
})

describe('the panel', () => {
  it('shows what happened, when, the way to the booking, and what it cost', async () => {
    const wrapper = await opened()
    const [first] = wrapper.findAll('.pw-notice-item')
    expect(first!.text()).toContain('The operator ended this booking on Mon 2 Mar 2026, 14:00.')
    expect(first!.text()).toContain('€12.34')
    expect(first!.get('time').attributes('datetime')).toBe('2026-03-02T12:00:00Z')
    expect(first!.getComponent(RouterLinkStub).props('to')).toEqual({
      name: 'booking',
      params: { id: 20 },
    })
  })

  it.each([
    ['en', 'Show repeating booking'],
    ['de', 'Wiederkehrende Buchung ansehen'],
  ] as const)(
    'leads from a date that was not booked to its repeating booking, %s',
    async (locale, text) => {
      await setLocale(locale)
      stored = [{ ...notice(2), kind: 'series_date_missed', booking_id: null, series_id: 7 }]
      const link = (await opened()).getComponent(RouterLinkStub)
      expect(link.text()).toBe(text)
      expect(link.props('to')).toEqual({ name: 'series', params: { id: 7 } })
    },
  )

  it('leads from a notice of the waitlist to one’s places', async () => {
    stored = [{ ...notice(2), kind: 'waitlist_offer', booking_id: null }]
    const wrapper = await opened()
    const link = wrapper.get('.pw-notice-item').getComponent(RouterLinkStub)
    expect(link.text()).toBe('Show waitlist')
    expect(link.props('to')).toEqual({ name: 'home' })
  })

  it('takes a dismissed notice away, says what is left and goes on to the next one', async () => {
    const dismiss = vi.spyOn(noticesApi, 'dismiss').mockImplementation(async (id) => {
      stored = stored.filter((one) => one.id !== id)
      return { message: '' }
    })
    const wrapper = await opened()
    await wrapper.get('.pw-notice-dismiss').trigger('click')
    await flushPromises()
    expect(dismiss).toHaveBeenCalledWith(2)
    expect(wrapper.findAll('.pw-notice-item')).toHaveLength(1)
    expect(wrapper.get('[role=status]').text()).toBe('Dismissed. 1 notice left.')
    expect(document.activeElement?.getAttribute('aria-label')).toContain('Spot 1')
    await wrapper.get('.pw-notice-dismiss').trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain('No notices')
    expect(label(wrapper)).toBe('No notices')
  })

  it('says why a notice could not be dismissed, and keeps it', async () => {
    vi.spyOn(noticesApi, 'dismiss').mockRejectedValue(new ApiError(0, 'offline', ''))
    const wrapper = await opened()
    await wrapper.get('.pw-notice-dismiss').trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toContain('Check your connection')
    expect(wrapper.findAll('.pw-notice-item')).toHaveLength(2)
  })

  it('takes a notice away that is gone already', async () => {
    vi.spyOn(noticesApi, 'dismiss').mockRejectedValue(new ApiError(404, 'not_found', 'no'))
    const wrapper = await opened()
    stored = [notice(1)]
    await wrapper.get('.pw-notice-dismiss').trigger('click')
    await flushPromises()
    expect(wrapper.findAll('.pw-notice-item')).toHaveLength(1)
    expect(wrapper.find('[role=alert]').exists()).toBe(false)
  })

  it('says that there is nothing, or that it could not be loaded', async () => {
    stored = []
    expect((await opened()).text()).toContain('without you')
    vi.mocked(noticesApi.list).mockRejectedValue(new ApiError(500, 'internal', 'no'))
    expect((await opened()).text()).toContain('could not be loaded')
  })
})
