import { flushPromises } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useSession } from '@/features/accounts/session'
import { lotsApi } from '@/features/lots/api'
import { waitlistApi } from '@/features/waitlist/api'
import type { Spot, User } from '@/shared/api/types'
import { setLocale } from '@/shared/format/i18n'
import { button, lot, panel, prepare, refuse, WINDOW, type Panel } from './bookPanel.stage'

let book: Awaited<ReturnType<typeof prepare>>
beforeEach(async () => {
  book = await prepare()
})

describe('the booking panel', () => {
  it('books any free spot now', async () => {
    const wrapper = await panel()
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    expect(book.mock.calls[0]![0]).toEqual({ lot_id: 7, booking_type: 'instant' })
    expect(wrapper.emitted('booked')).toEqual([[{ id: 1, lot_id: 7 }]])
  })

  it('books the selected spot', async () => {
    const wrapper = await panel({ spot: { id: 70, spot_number: 17 } as Spot })
    expect(wrapper.text()).toContain('Spot 17')
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    expect(book.mock.calls[0]![0]).toMatchObject({ lot_id: 7, spot_id: 70 })
  })

  it('reserves the window for the price of its quote', async () => {
    const wrapper = await panel({ mode: 'later', window: WINDOW })
    expect(wrapper.text()).toContain('4 / 10')
    await button(wrapper, 'Reserve for €20.00').trigger('click')
    expect(book.mock.calls[0]![0]).toEqual({
      lot_id: 7,
      booking_type: 'reserved',
      reserved_start: WINDOW.from,
      reserved_end: WINDOW.to,
    })
  })

  it('waits for a window before it reserves', async () => {
    const wrapper = await panel({ mode: 'later' })
    expect(button(wrapper, 'Choose a time').attributes('aria-disabled')).toBe('true')
  })

  it('offers the next free time when no spot is free in the window', async () => {
    const next = { from: '2030-03-02T16:00:00Z', to: '2030-03-03T00:00:00Z' }
    vi.mocked(lotsApi.availability).mockResolvedValue({
      available_spots: 0,
      capacity: 10,
      next_free: next,
    } as never)
    const wrapper = await panel({ mode: 'later', window: WINDOW })
    expect(button(wrapper, 'Reserve for €').attributes('aria-disabled')).toBe('true')
    await wrapper.get('[role=status] button').trigger('click')
    expect(wrapper.emitted('update:window')![0]).toEqual([next])
  })

  it('offers the next spot when the selected one was booked by someone else', async () => {
    book.mockRejectedValueOnce(
      refuse('spot_taken', { next_spot: { spot_id: 71, spot_number: 18 } }),
    )
    const wrapper = await panel({ spot: { id: 70, spot_number: 17 } as Spot })
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    expect(wrapper.emitted('clearSpot')).toHaveLength(1)
    await button(wrapper, 'Take spot 18').trigger('click')
    await flushPromises()
    expect(book.mock.calls[1]![0]).toMatchObject({ lot_id: 7, spot_id: 71 })
    expect(book.mock.calls[1]![1]).not.toBe(book.mock.calls[0]![1])
  })

  it.each([
    ['en', { from: null, until: '2030-03-09T16:00:00Z' }, 'is closed until'],
    ['de', { from: null, until: '2030-03-09T16:00:00Z' }, 'gesperrt.'],
    ['en', { from: null, until: null }, 'This spot is closed.'],
    ['en', { from: '2090-01-01T00:00:00Z', until: null }, 'is closed from'],
    ['en', { from: '2090-01-01T00:00:00Z', until: '2090-01-02T00:00:00Z' }, 'is closed: '],
  ] as const)('says when the selected spot is closed (%s, %o)', async (locale, closed, words) => {
    book.mockRejectedValueOnce(
      refuse('spot_taken', { next_spot: { spot_id: 71, spot_number: 18 }, closure: closed }),
    )
    await setLocale(locale)
    const wrapper = await panel({ spot: { id: 70, spot_number: 17 } as Spot })
    await button(wrapper, locale === 'de' ? 'Jetzt einen' : 'Book a spot now').trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toContain(words)
  })

  it('shows other options when the lot is full without trying to book, and books the one that is tapped', async () => {
    const at = (id: number, name: string, latitude: number, available_spots = 2) =>
      lot({ id, name, latitude, longitude: 10, available_spots })
    const full = at(7, 'Harbour', 10, 0)
    vi.mocked(lotsApi.list).mockResolvedValue([
      full,
      at(8, 'Station', 10.1),
      at(9, 'Market', 10.01),
      at(10, 'Opera', 10, 0),
    ])
    const wrapper = await panel({ lot: full })
    await button(wrapper, 'See other options').trigger('click')
    await flushPromises()
    expect(book).not.toHaveBeenCalled()
    const ways = wrapper.findAll('li button').map((one) => one.text().split(/\d/)[0]!.trim())
    expect(ways).toEqual(['Book at Market', 'Book at Station'])
    await button(wrapper, 'Book at Market').trigger('click')
    await flushPromises()
    expect(book.mock.calls[0]![0]).toMatchObject({ lot_id: 9, booking_type: 'instant' })
  })

  it('promises nothing where nothing can be booked, and the waitlist is what one can do', async () => {
    const wrapper = await panel({ lot: lot({ available_spots: 0 }) })
    expect(wrapper.text()).not.toMatch(/Guaranteed until|For example|No end time needed/)
    expect(wrapper.text()).toContain('€2.50/h')
    expect(button(wrapper, 'Book a spot now')).toBeUndefined()
    // No other lot has room.
    expect(button(wrapper, 'See other options')).toBeUndefined()
    expect(button(wrapper, 'Join the waitlist').classes()).toContain('btn-primary')
    expect((await panel()).text()).toMatch(/Guaranteed until.*For example/s)
  })
})

describe('what the spot must have', () => {
  const equipped = lot({ features: { accessible: 2, ev: 1, covered: 0 } })
  const pressed = (wrapper: Panel, text: string) => button(wrapper, text).attributes('aria-pressed')

  beforeEach(() => {
    vi.spyOn(lotsApi, 'matching').mockResolvedValue({
      needs: ['ev'],
      spots: 3,
      available_spots: 2,
    })
  })

  it('offers what the lot has, and books it', async () => {
    const wrapper = await panel({ lot: equipped })
    expect(button(wrapper, 'Covered')).toBeUndefined()
    await button(wrapper, 'EV charging').trigger('click')
    await flushPromises()
    expect(pressed(wrapper, 'EV charging')).toBe('true')
    expect(pressed(wrapper, 'Accessible')).toBe('false')
    expect(wrapper.text()).toContain('2 of 3 free')
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    expect(book.mock.calls.at(-1)![0]).toMatchObject({ booking_type: 'instant', needs: ['ev'] })
  })

  it('asks for nothing where the lot has nothing', async () => {
    expect((await panel()).text()).not.toContain('Accessible')
  })

  it('begins with what the profile says, also where the lot has none', async () => {
    const session = useSession()
    session.know({ id: 1, plates: [], needs: ['covered'], timezone: null } as unknown as User)
    const wrapper = await panel({ lot: equipped })
    expect(pressed(wrapper, 'Covered')).toBe('true')
    session.leave()
  })

  it('says how many such spots there are when none is free, and books any', async () => {
    const body = { matching: { needs: ['ev'], spots: 2, available_spots: 0 }, available_spots: 5 }
    book.mockRejectedValueOnce(refuse('lot_full', body))
    const wrapper = await panel({ lot: equipped, needs: ['ev'] })
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    expect(wrapper.find('[role=alert]').text()).toContain('None of the 2 such spots is free.')
    await button(wrapper, 'Book any free spot').trigger('click')
    await flushPromises()
    expect(book.mock.calls.at(-1)![0].needs).toBeUndefined()
    expect(wrapper.emitted('booked')).toHaveLength(1)
  })

  it('says at other options that none of such spots is free, and books any', async () => {
    vi.mocked(lotsApi.matching).mockResolvedValue({
      needs: ['ev'],
      spots: 2,
      available_spots: 0,
    } as never)
    vi.spyOn(lotsApi, 'matchingOfAll').mockResolvedValue(new Map())
    const wrapper = await panel({ lot: equipped, needs: ['ev'] })
    await button(wrapper, 'See other options').trigger('click')
    expect(wrapper.text()).toContain('None of the 2 such spots is free.')
    await button(wrapper, 'Book any free spot').trigger('click')
    await flushPromises()
    expect(book.mock.calls.at(-1)![0]).toMatchObject({ lot_id: 7, booking_type: 'instant' })
    expect(book.mock.calls.at(-1)![0].needs).toBeUndefined()
  })

  it('says what the tariff is and that cancelling is free', async () => {
    const wrapper = await panel({ mode: 'later' })
    expect(wrapper.text()).toContain('€2.50/h · billed per 15 min · max €18/day')
    expect(wrapper.text()).toContain('Free to cancel until it starts.')
  })
})

describe('the waitlist', () => {
  const JOIN = 'Join the waitlist (you would be 3rd)'
  const none = (wrapper: Panel) => button(wrapper, 'Join the waitlist') === undefined

  it('is offered where the lot is full, for now and for a window, and not where a spot is free', async () => {
    expect(none(await panel())).toBe(true)
    expect(none(await panel({ mode: 'later', window: WINDOW }))).toBe(true)
    expect(button(await panel({ lot: lot({ available_spots: 0 }) }), JOIN)).toBeDefined()
    expect(vi.mocked(waitlistApi.place).mock.calls.at(-1)![0]).toEqual({
      lot_id: 7,
      booking_type: 'instant',
    })
    vi.mocked(lotsApi.availability).mockResolvedValue({
      available_spots: 0,
      capacity: 10,
      next_free: null,
    } as never)
    expect(button(await panel({ mode: 'later', window: WINDOW }), JOIN)).toBeDefined()
    expect(vi.mocked(waitlistApi.place).mock.calls.at(-1)![0]).toEqual({
      lot_id: 7,
      booking_type: 'reserved',
      reserved_start: WINDOW.from,
      reserved_end: WINDOW.to,
    })
  })

  it('stands beside the alternatives of a refused booking', async () => {
    book.mockRejectedValueOnce(
      refuse('lot_full', { alternatives: [], waitlist: { position: 2, entry_id: null } }),
    )
    vi.mocked(waitlistApi.place).mockReturnValue(new Promise(() => {}))
    const wrapper = await panel()
    await button(wrapper, 'Book a spot now').trigger('click')
    await flushPromises()
    expect(button(wrapper, 'Join the waitlist (you would be 2nd)')).toBeDefined()
  })

  it('is not offered for a spot that was selected', async () => {
    const spot = { id: 70, spot_number: 17 } as Spot
    expect(none(await panel({ lot: lot({ available_spots: 0 }), spot }))).toBe(true)
  })
})
