import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import type { Lot } from '@/shared/api/types'
import { announce } from '@/shared/browser/announce'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { lotsApi } from '@/features/lots/api'
import { waitlistApi } from '@/features/waitlist/api'
import { offeredEntry, sampleEntry, sampleOffer } from '@/features/waitlist/sample'
import { SECOND_STAY } from '@/features/waitlist/secondStay'
import type { Entry } from '@/features/waitlist/types'
import EntryCard from './EntryCard.vue'

vi.mock('@/shared/browser/announce', () => ({ announce: vi.fn() }))
const dialog = {
  props: ['open', 'title'],
  template: '<section v-if="open"><h3>{{ title }}</h3><slot /><slot name="actions" /></section>',
}

const question = {
  props: ['running', 'busy'],
  emits: ['end', 'keep', 'cancel'],
  template: `<p>You park at {{ running[0].lot_name }}
    <button @click="$emit('end')">End it</button><button @click="$emit('keep')">Keep both</button>
    <button @click="$emit('cancel')">Cancel</button></p>`,
}
const HARBOUR = {
  id: 1,
  name: 'Harbour',
  address: '12 Harbour Street',
  price_per_hour: 2.5,
  currency: 'EUR',
  tariff: {
    price_per_hour: 2.5,
    billing_step_seconds: 900,
    free_minutes: 0,
    daily_cap: 18,
    cap_day: 'rolling',
  },
} as Lot
const runningStays = vi.fn()
const endAll = vi.fn()

async function card(entry: Entry, props: object = {}) {
  const wrapper = mount(EntryCard, {
    props: { entry, ...props },
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { AppDialog: dialog, RouterLink: RouterLinkStub },
      provide: { [SECOND_STAY as symbol]: { runningStays, endAll, question } },
    },
  })
  await flushPromises()
  return wrapper
}
type Card = Awaited<ReturnType<typeof card>>
const button = (wrapper: Card, text: string) =>
  wrapper
    .findAll('button')
    .filter((one) => one.text().startsWith(text))
    .at(-1)
const goals = (wrapper: Card) =>
  wrapper.findAllComponents(RouterLinkStub).map((one) => one.props('to'))

beforeEach(async () => {
  runningStays.mockReset().mockResolvedValue([])
  endAll.mockReset()
  vi.spyOn(lotsApi, 'list').mockResolvedValue([HARBOUR])
  vi.useFakeTimers({
    now: new Date('2026-03-02T12:00:30Z'),
    toFake: ['Date', 'setInterval', 'clearInterval'],
  })
  await setLocale('en')
  await useTexts('features/waitlist')
})
afterEach(() => {
  vi.useRealTimers()
  document.body.innerHTML = ''
})

describe('a place in the queue', () => {
  it('says where one stands, for when, and is left after a question', async () => {
    const leave = vi
      .spyOn(waitlistApi, 'leave')
      .mockResolvedValue({ entry: sampleEntry({ status: 'Left' }) })
    const wrapper = await card(sampleEntry())
    expect(wrapper.text()).toMatch(/Waiting.*Harbour.*Tue.*09:00.*You are 3rd in the queue/s)
    await button(wrapper, 'Leave')!.trigger('click')
    expect(wrapper.text()).toContain('You give up your place: Harbour.')
    expect(leave).not.toHaveBeenCalled()
    await button(wrapper, 'Leave the waitlist')!.trigger('click')
    await flushPromises()
    expect(leave).toHaveBeenCalledExactlyOnceWith(7)
    expect(wrapper.emitted('ended')).toHaveLength(1)
  })

  it('says that one is next, and the places in several lots', async () => {
    const lots = [
      { id: 1, name: 'Harbour', timezone: 'UTC', position: 1 },
      { id: 2, name: 'Station', timezone: 'UTC', position: 22 },
    ]
    const next = await card(sampleEntry({ position: 1, lots: [lots[0]!] }))
    expect(next.text()).toContain('You are next in the queue.')
    const both = await card(sampleEntry({ position: 1, lots }))
    expect(both.text()).toContain('Harbour: 1st in the queue · Station: 22nd in the queue')
  })

  it('says how long a walk-in is waited for, and of a spot that was free too late to be held', async () => {
    const wrapper = await card(
      sampleEntry({
        booking_type: 'instant',
        reserved_start: null,
        reserved_end: null,
        waits_until: '2026-03-02T14:00:00Z',
        told_at: '2026-03-02T11:58:00Z',
      }),
    )
    expect(wrapper.text()).toMatch(/Now.*Waiting until .*(14:00|2:00)/s)
    expect(wrapper.text()).toContain('too shortly before your time')
    expect(goals(wrapper)).toContainEqual({ name: 'lot', params: { id: 1 }, query: {} })
    const window = await card(sampleEntry({ told_at: '2026-03-02T11:58:00Z' }))
    const query = { later: '1', from: '2026-03-03T09:00:00Z', to: '2026-03-03T17:00:00Z' }
    expect(goals(window)).toContainEqual({ name: 'lot', params: { id: 1 }, query })
  })

  it.each([
    ['en', 'spot_closed', 'The spot that was held for you was taken out of service. You have kept'],
    [
      'en',
      'lot_closed',
      'A lot that you were waiting for has closed. You are still waiting for the others.',
    ],
    ['de', 'spot_closed', 'wurde außer Betrieb genommen. Sie haben Ihre Stelle behalten.'],
  ] as const)('says in %s why it lost an offer or a lot: %s', async (locale, reason, words) => {
    await setLocale(locale)
    expect((await card(sampleEntry({ reason }))).text()).toContain(words)
  })

  it('can be read in German', async () => {
    await setLocale('de')
    const wrapper = await card(sampleEntry())
    expect(wrapper.text()).toContain('Sie stehen an 3. Stelle.')
    expect(wrapper.text()).toContain('Verlassen')
  })
})

describe('an offer', () => {
  it('shows spot, price and the time left, and is accepted once however often it is pressed', async () => {
    const claim = vi.spyOn(waitlistApi, 'claim').mockResolvedValue({
      entry: sampleEntry({ status: 'Claimed', booking_id: 41 }),
      booking: { id: 41, lot_id: 1 },
    } as never)
    const wrapper = await card(offeredEntry())
    expect(wrapper.text()).toMatch(/Spot offered.*5.*€20\.00/s)
    expect(wrapper.text().match(/Harbour(?! Street)/g)).toHaveLength(1)
    expect(wrapper.text()).toContain('12 Harbour Street')
    expect(wrapper.text()).toContain('€2.50/h · billed per 15 min · max €18/day')
    expect(wrapper.get('[role=timer]').text()).toBe('14:30 left to accept')
    const accept = button(wrapper, 'Accept spot 5')!
    void accept.trigger('click')
    await accept.trigger('click')
    await flushPromises()
    expect(claim).toHaveBeenCalledTimes(1)
    expect(wrapper.emitted('claimed')).toEqual([[{ id: 41, lot_id: 1 }]])
  })

  it('shows the price of an hour where it has no end', async () => {
    const offer = sampleOffer({ booking_type: 'instant', total_cost: null })
    expect((await card(offeredEntry({ offer }))).text()).toContain('€2.50/h')
    // The offer keeps its price; the tariff of the lot is another one by now.
    vi.mocked(lotsApi.list).mockResolvedValue([{ ...HARBOUR, price_per_hour: 9 }])
    const text = (await card(offeredEntry({ offer }))).text()
    expect(text).toContain('Price€2.50/h')
    expect(text).not.toContain('billed per')
  })

  describe('of a spot from now on, while another stay runs', () => {
    const parked = { id: 9, lot_name: 'Station' }
    const entry = offeredEntry({
      booking_type: 'instant',
      reserved_start: null,
      reserved_end: null,
      offer: sampleOffer({ booking_type: 'instant', total_cost: null }),
    })
    const answer = {
      entry: sampleEntry({ status: 'Claimed', booking_id: 41 }),
      booking: { id: 41, lot_id: 1 },
    } as never

    async function pressed() {
      runningStays.mockResolvedValue([parked])
      const claim = vi.spyOn(waitlistApi, 'claim').mockResolvedValue(answer)
      const wrapper = await card(entry)
      await button(wrapper, 'Accept and start parking · €2.50/h')!.trigger('click')
      await flushPromises()
      return { wrapper, claim }
    }

    it('is not accepted without a word', async () => {
      const { wrapper, claim } = await pressed()
      expect(wrapper.text()).toContain('You park at Station')
      expect(claim).not.toHaveBeenCalled()
      await button(wrapper, 'Cancel')!.trigger('click')
      expect(claim).not.toHaveBeenCalled()
      await flushPromises()
      expect(document.activeElement).toBe(button(wrapper, 'Accept and start parking')!.element)
    })

    it('takes its place', async () => {
      const { wrapper, claim } = await pressed()
      await button(wrapper, 'End it')!.trigger('click')
      await flushPromises()
      expect(wrapper.emitted('claimed')).toHaveLength(1)
      expect(claim).toHaveBeenCalledOnce()
      expect(endAll).toHaveBeenCalledExactlyOnceWith([parked])
    })

    it('takes its place also where only one booking is allowed', async () => {
      const { wrapper, claim } = await pressed()
      claim.mockRejectedValueOnce(new ApiError(409, 'too_many_bookings', ''))
      await button(wrapper, 'End it')!.trigger('click')
      await flushPromises()
      expect(endAll).toHaveBeenCalledExactlyOnceWith([parked])
      expect(claim).toHaveBeenCalledTimes(2)
      expect(wrapper.emitted('claimed')).toHaveLength(1)
    })

    it('leaves it alone when the offer has lapsed, or both are wanted', async () => {
      const { wrapper, claim } = await pressed()
      claim.mockRejectedValueOnce(new ApiError(409, 'offer_lapsed', ''))
      await button(wrapper, 'End it')!.trigger('click')
      await flushPromises()
      expect(wrapper.emitted('claimed')).toBeUndefined()
      await button(wrapper, 'Accept and start parking')!.trigger('click')
      await flushPromises()
      await button(wrapper, 'Keep both')!.trigger('click')
      await flushPromises()
      expect(wrapper.emitted('claimed')).toHaveLength(1)
      expect(endAll).not.toHaveBeenCalled()
    })
  })

  it('of a window asks nothing about stays', async () => {
    runningStays.mockResolvedValue([{ id: 9, lot_name: 'Station' }])
    const claim = vi.spyOn(waitlistApi, 'claim').mockResolvedValue({
      entry: sampleEntry({ status: 'Claimed', booking_id: 41 }),
      booking: { id: 41, lot_id: 1 },
    } as never)
    await button(await card(offeredEntry()), 'Accept spot 5')!.trigger('click')
    await flushPromises()
    expect(claim).toHaveBeenCalledOnce()
  })

  it('is declined after a question that says what that means', async () => {
    const decline = vi
      .spyOn(waitlistApi, 'decline')
      .mockResolvedValue({ entry: offeredEntry({ status: 'Declined' }) })
    const wrapper = await card(offeredEntry())
    await button(wrapper, 'Decline')!.trigger('click')
    expect(wrapper.text()).toContain('Decline spot 5?')
    await button(wrapper, 'Decline')!.trigger('click')
    await flushPromises()
    expect(decline).toHaveBeenCalledExactlyOnceWith(7)
    expect(wrapper.emitted('ended')).toHaveLength(1)
  })

  it('says why it cannot be accepted now, and stays', async () => {
    vi.spyOn(waitlistApi, 'claim').mockRejectedValue(new ApiError(409, 'too_many_bookings', ''))
    const wrapper = await card(offeredEntry())
    await button(wrapper, 'Accept')!.trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toContain('End or cancel one first')
    expect(button(wrapper, 'Accept')).toBeDefined()
    expect(wrapper.emitted('claimed')).toBeUndefined()
  })

  it('lapses by the clock, says so, keeps the focus, and names what to do next', async () => {
    const wrapper = await card(offeredEntry())
    button(wrapper, 'Accept')!.element.focus()
    await vi.advanceTimersByTimeAsync(15 * 60_000)
    await flushPromises()
    expect(wrapper.text()).toMatch(/Offer lapsed.*goes to the next person/s)
    expect(button(wrapper, 'Accept')).toBeUndefined()
    expect(button(wrapper, 'Join the waitlist again')).toBeDefined()
    expect(document.activeElement).toBe(wrapper.element)
    expect(announce).toHaveBeenCalledWith('The offer of spot 5 has lapsed.')
  })
})

describe('what has ended', () => {
  it('leads to the booking that was made of it', async () => {
    const wrapper = await card(sampleEntry({ status: 'Claimed', booking_id: 41 }))
    expect(goals(wrapper)).toEqual([{ name: 'booking', params: { id: 41 } }])
    expect(button(wrapper, 'Join')).toBeUndefined()
  })

  it('is joined again with the same window, or as long a wait', async () => {
    const join = vi.spyOn(waitlistApi, 'join').mockResolvedValue({ entry: sampleEntry() })
    const left = await card(sampleEntry({ id: 6, status: 'Left' }))
    await button(left, 'Join')!.trigger('click')
    await flushPromises()
    expect(left.emitted('joined')).toEqual([[sampleEntry()]])
    expect(join.mock.calls[0]![0]).toEqual({
      lot_ids: [1],
      booking_type: 'reserved',
      reserved_start: '2026-03-03T09:00:00Z',
      reserved_end: '2026-03-03T17:00:00Z',
    })
    const instant = sampleEntry({
      status: 'Expired',
      booking_type: 'instant',
      reserved_start: null,
      reserved_end: null,
      needs: ['ev'],
      waits_until: '2026-03-02T11:30:00Z',
    })
    const wrapper = await card(instant)
    expect(wrapper.text()).toContain('No spot became free by')
    await button(wrapper, 'Join')!.trigger('click')
    await flushPromises()
    expect(join.mock.calls[1]![0]).toEqual({
      lot_ids: [1],
      needs: ['ev'],
      booking_type: 'instant',
      for_minutes: 30,
    })
  })

  it.each([
    ['en', 'Expired', 'lot_closed', 'Closed: Harbour. You are no longer waiting for a spot there.'],
    ['de', 'Expired', 'lot_closed', 'Geschlossen: Harbour.'],
    ['en', 'Expired', 'time_over', 'No spot became free by'],
    ['en', 'Left', 'left', 'You left the waitlist.'],
    [
      'en',
      'Left',
      'series_ended',
      'You ended the repeating booking, so you are no longer waiting for this date.',
    ],
    ['de', 'Left', 'series_ended', 'Sie haben die wiederkehrende Buchung beendet'],
  ] as const)('says in %s why: %s, %s', async (locale, status, reason, words) => {
    await setLocale(locale)
    expect((await card(sampleEntry({ status, reason }))).text()).toContain(words)
  })

  it('is not joined again when its window begins too soon', async () => {
    const wrapper = await card(
      sampleEntry({ status: 'Expired', reserved_start: '2026-03-02T12:04:00Z' }),
    )
    expect(button(wrapper, 'Join')).toBeUndefined()
    expect(goals(wrapper)).toEqual([{ name: 'lot', params: { id: 1 } }])
  })

  it('leads to a lot that has a free spot now', async () => {
    const body = { lot_id: 2, lot_name: 'Station' }
    vi.spyOn(waitlistApi, 'join').mockRejectedValue(
      new ApiError(409, 'spot_free', '', {}, null, null, body),
    )
    const wrapper = await card(sampleEntry({ status: 'Lapsed' }))
    await button(wrapper, 'Join')!.trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toContain('A spot is free for this at Station.')
    expect(goals(wrapper)).toContainEqual({ name: 'lot', params: { id: 2 } })
  })

  it('can be hidden', async () => {
    const wrapper = await card(sampleEntry({ status: 'Lapsed' }), { hideable: true })
    await button(wrapper, 'Hide')!.trigger('click')
    expect(wrapper.emitted('hide')).toHaveLength(1)
  })
})
