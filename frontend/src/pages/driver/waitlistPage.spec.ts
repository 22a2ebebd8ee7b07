import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useSession } from '@/features/accounts/session'
import { bookingsApi } from '@/features/bookings/api'
import { lotsApi } from '@/features/lots/api'
import { waitlistApi } from '@/features/waitlist/api'
import { offeredEntry, sampleEntry, sampleOffer } from '@/features/waitlist/sample'
import type { Entry } from '@/features/waitlist/types'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import WaitlistPage from './WaitlistPage.vue'

const push = vi.fn()
vi.mock('vue-router', () => ({ useRouter: () => ({ push }) }))

/** The page that the link of an email opens. */
async function opened(entry: Entry | ApiError) {
  const one = vi.spyOn(waitlistApi, 'one')
  if (entry instanceof ApiError) one.mockRejectedValue(entry)
  else one.mockResolvedValue({ entry, server_time: '2026-03-02T12:00:30Z' })
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrapper = mount(WaitlistPage, {
    props: { id: '7' },
    attachTo: document.body.appendChild(document.createElement('main')),
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient }]],
      stubs: { RouterLink: RouterLinkStub, AppDialog: true, LiveBadge: true },
    },
  })
  await flushPromises()
  return wrapper
}

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-03-02T12:00:30Z'), toFake: ['Date'] })
  push.mockReset()
  vi.spyOn(lotsApi, 'list').mockResolvedValue([])
  await setLocale('en')
  await useTexts('features/waitlist')
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

describe('the page of a place on a waitlist', () => {
  it('accepts nothing by being opened, and leads to the booking once it is pressed', async () => {
    const claim = vi.spyOn(waitlistApi, 'claim').mockResolvedValue({
      entry: sampleEntry({ status: 'Claimed' }),
      booking: { id: 41, lot_id: 1 },
    } as never)
    const wrapper = await opened(offeredEntry())
    expect(wrapper.get('h1').text()).toBe('A spot is held for you')
    expect(document.title).toContain('A spot is held for you')
    expect(claim).not.toHaveBeenCalled()
    const accept = wrapper.findAll('button').find((one) => one.text().startsWith('Accept'))!
    await accept.trigger('click')
    await flushPromises()
    expect(push).toHaveBeenCalledExactlyOnceWith({
      name: 'booking',
      params: { id: 41 },
      query: { created: '1' },
    })
  })

  it('asks before a spot from now on begins a second stay, and ends the first one', async () => {
    useSession().user = { id: 3 } as never
    const stay = { id: 9, status: 'Active', lot_name: 'Station', lot_timezone: 'UTC' }
    const parked = { ...stay, spot_number: 4, start_time: '2026-03-02T08:40:00Z', currency: 'EUR' }
    vi.spyOn(bookingsApi, 'list').mockImplementation(({ status }) =>
      Promise.resolve({ bookings: status === 'Active' ? [parked] : [] } as never),
    )
    const ended = vi
      .spyOn(bookingsApi, 'release')
      .mockResolvedValue({ booking: parked, total_cost: 3 } as never)
    const claim = vi.spyOn(waitlistApi, 'claim').mockResolvedValue({
      entry: sampleEntry({ status: 'Claimed' }),
      booking: { id: 41, lot_id: 1 },
    } as never)
    const offer = sampleOffer({ booking_type: 'instant', total_cost: null })
    const wrapper = await opened(offeredEntry({ booking_type: 'instant', offer }))
    const press = async (text: string) => {
      await vi.waitFor(() => expect(wrapper.text()).toContain(text))
      await wrapper
        .findAll('button')
        .find((one) => one.text() === text)!
        .trigger('click')
      await flushPromises()
    }
    await press('Accept and start parking · €2.50/h')
    await vi.waitFor(() =>
      expect(wrapper.text()).toContain('You are parked at Station, spot 4, since 08:40'),
    )
    expect(claim).not.toHaveBeenCalled()
    await press('End it and park here')
    expect(claim).toHaveBeenCalledOnce()
    expect(ended.mock.calls[0]![0]).toBe(9)
    useSession().user = null
  })

  it('says that it was too late, and what to do next', async () => {
    const over = offeredEntry({ status: 'Lapsed', ended_at: '2026-03-02T12:00:00Z' })
    const wrapper = await opened(over)
    expect(wrapper.get('h1').text()).toBe('The offer has lapsed')
    expect(wrapper.text()).toMatch(/Spot 5 at Harbour was held for you until .*12:15/)
    expect(wrapper.text()).toContain('Join the waitlist again')
    expect(wrapper.text()).toContain('Look for a spot at Harbour')
  })

  it('says once what was declined, and goes to the new place once one waits again', async () => {
    const wrapper = await opened(offeredEntry({ status: 'Declined' }))
    expect(wrapper.text().match(/declined/gi)).toHaveLength(2) // the heading and the badge
    vi.spyOn(waitlistApi, 'join').mockResolvedValue({ entry: sampleEntry({ id: 8 }) })
    const again = wrapper.findAll('button').find((one) => one.text().startsWith('Join'))!
    again.element.focus()
    await again.trigger('click')
    await flushPromises()
    expect(push).toHaveBeenCalledExactlyOnceWith({ name: 'waitlist', params: { id: 8 } })
    await vi.waitFor(() => expect(document.activeElement?.tagName).toBe('H1'))
  })

  it('leads to the booking that was made of it already', async () => {
    const wrapper = await opened(sampleEntry({ status: 'Claimed', booking_id: 41 }))
    const goals = wrapper.findAllComponents(RouterLinkStub).map((one) => one.props('to'))
    expect(goals).toContainEqual({ name: 'booking', params: { id: 41 } })
  })

  it('takes over what the server says when the offer was lost meanwhile', async () => {
    const entry = offeredEntry({ status: 'Lapsed', ended_at: '2026-03-02T12:00:29Z' })
    vi.spyOn(waitlistApi, 'claim').mockRejectedValue(
      new ApiError(409, 'offer_lapsed', '', {}, null, null, { entry }),
    )
    const wrapper = await opened(offeredEntry())
    vi.mocked(waitlistApi.one).mockResolvedValue({ entry })
    const accept = wrapper.findAll('button').find((one) => one.text().startsWith('Accept'))!
    await accept.trigger('click')
    await vi.waitFor(() => expect(wrapper.get('h1').text()).toBe('The offer has lapsed'))
    expect(push).not.toHaveBeenCalled()
  })

  it('says that a place of another account is not there, and the way home', async () => {
    const wrapper = await opened(new ApiError(404, 'not_found', 'no'))
    expect(wrapper.text()).toContain('This waitlist entry was not found')
    expect(wrapper.getComponent(RouterLinkStub).props('to')).toEqual({ name: 'home' })
  })
})
