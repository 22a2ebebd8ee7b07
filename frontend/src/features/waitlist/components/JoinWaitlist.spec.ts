import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import { lotsApi } from '@/features/lots/api'
import { waitlistApi, type FullRequest } from '@/features/waitlist/api'
import { sampleEntry } from '@/features/waitlist/sample'
import type { Entry, Place } from '@/features/waitlist/types'
import { ApiError } from '@/shared/api/errors'
import type { Lot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import JoinWaitlist from './JoinWaitlist.vue'

const lot = (id: number, name: string, available_spots: number) =>
  ({ id, name, available_spots, timezone: 'UTC' }) as Lot
const NOW: FullRequest = { lot_id: 1, booking_type: 'instant' }
const LATER: FullRequest = {
  lot_id: 1,
  booking_type: 'reserved',
  reserved_start: '2030-03-02T09:00',
  reserved_end: '2030-03-02T17:00',
  needs: ['ev'],
}

let place: Place | null
let own: Entry[]
async function join(request: FullRequest, known?: Place | null) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const link = { ...RouterLinkStub, props: { ...RouterLinkStub.props, custom: Boolean } }
  const wrapper = mount(JoinWaitlist, {
    props: { lot: lot(1, 'Harbour', 0), request, known },
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient }]],
      stubs: { RouterLink: link },
    },
  })
  await flushPromises()
  return wrapper
}
type View = Awaited<ReturnType<typeof join>>
const button = (wrapper: View) => wrapper.findAll('button').at(-1)

beforeEach(async () => {
  place = { position: 3, entry_id: null }
  own = []
  vi.spyOn(waitlistApi, 'place').mockImplementation(() => Promise.resolve(place))
  vi.spyOn(waitlistApi, 'list').mockImplementation(() =>
    Promise.resolve({ entries: own, server_time: '2026-03-02T12:00:00Z' }),
  )
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
  vi.spyOn(lotsApi, 'list').mockResolvedValue([
    lot(1, 'Harbour', 0),
    lot(2, 'Station', 0),
    lot(3, 'Market', 4),
  ])
  await setLocale('en')
  await useTexts('features/waitlist')
})
afterEach(() => (document.body.innerHTML = ''))

describe('joining a waitlist', () => {
  it.each([
    [1, 'you would be 1st'],
    [2, 'you would be 2nd'],
    [3, 'you would be 3rd'],
    [11, 'you would be 11th'],
    [21, 'you would be 21st'],
  ])('says the place that one would get: %s', async (position, text) => {
    place = { position, entry_id: null }
    expect(button(await join(NOW))!.text()).toBe(`Join the waitlist (${text})`)
  })

  it('shows at once what a refused booking has said', async () => {
    vi.mocked(waitlistApi.place).mockReturnValue(new Promise(() => {}))
    expect(button(await join(NOW, { position: 4, entry_id: null }))!.text()).toContain('4th')
    expect(button(await join(NOW))!.text()).toBe('Join the waitlist')
  })

  it('is not offered where one cannot join', async () => {
    place = null
    expect((await join(NOW)).find('section').exists()).toBe(false)
  })

  it('waits for a walk-in as long as is chosen, also at other lots that are full', async () => {
    const send = vi.spyOn(waitlistApi, 'join').mockResolvedValue({ entry: sampleEntry() })
    const wrapper = await join(NOW)
    const names = wrapper.findAll('details label').map((one) => one.text())
    expect(names).toEqual(['Station'])
    await wrapper.get('select').setValue('120')
    await wrapper.get('details input').setValue(true)
    await button(wrapper)!.trigger('click')
    await flushPromises()
    expect(send.mock.calls[0]![0]).toEqual({
      booking_type: 'instant',
      lot_ids: [1, 2],
      for_minutes: 120,
    })
  })

  it('waits for a window with what the spot must have, and leads to one’s place, which has the focus', async () => {
    const send = vi.spyOn(waitlistApi, 'join').mockImplementation(() => {
      place = { position: 3, entry_id: 7 }
      own = [sampleEntry()]
      return Promise.resolve({ entry: sampleEntry() })
    })
    const wrapper = await join(LATER)
    expect(wrapper.find('select').exists()).toBe(false)
    await button(wrapper)!.trigger('click')
    await flushPromises()
    const { lot_id, ...what } = LATER
    expect(send.mock.calls[0]![0]).toEqual({ ...what, lot_ids: [lot_id] })
    expect(wrapper.text()).toMatch(/You are on the waitlist for .*09:00.*: 3rd in the queue\./)
    expect(wrapper.getComponent(RouterLinkStub).props('to')).toEqual({
      name: 'waitlist',
      params: { id: 7 },
    })
  })

  it('says for when one waits already: the own time may only overlap', async () => {
    place = { position: 2, entry_id: 7 }
    own = [
      sampleEntry({ reserved_start: '2030-03-02T08:30:00Z', reserved_end: '2030-03-02T10:30:00Z' }),
    ]
    expect((await join(LATER)).text()).toMatch(/You are on the waitlist for .*08:30.*10:30/)
    own = [sampleEntry({ booking_type: 'instant', reserved_start: null, reserved_end: null })]
    expect((await join(NOW)).text()).toContain('You are on the waitlist for this: 2nd in the queue')
  })

  it('says why one cannot join, and the way to the place that one has already', async () => {
    vi.spyOn(waitlistApi, 'join').mockRejectedValue(
      new ApiError(409, 'already_waiting', '', {}, null, null, { entry_id: 9 }),
    )
    const wrapper = await join(LATER)
    await button(wrapper)!.trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toContain('already on a waitlist for this time')
    expect(wrapper.getComponent(RouterLinkStub).props('to')).toEqual({
      name: 'waitlist',
      params: { id: 9 },
    })
  })
})
