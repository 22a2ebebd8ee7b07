import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { offeredEntry, sampleEntry } from '@/features/waitlist/sample'
import type { AdminEntry, Entry } from '@/features/waitlist/types'
import type { Lot, Spot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import LotWaitlist from './components/LotWaitlist.vue'
import HeldSpot from './components/HeldSpot.vue'
import { adminWaitlistApi } from './useLotWaitlist'

const lot = { id: 1, name: 'Harbour', timezone: 'UTC' } as Lot
const of = (username: string, entry: Entry): AdminEntry => ({
  ...entry,
  user_id: entry.id,
  username,
  user_email: `${username}@example.com`,
})

async function view(entries: AdminEntry[]) {
  vi.spyOn(adminWaitlistApi, 'list').mockResolvedValue({
    entries,
    next: null,
    total: entries.length,
    server_time: '2026-03-02T12:00:00Z',
  })
  const wrapper = mount(LotWaitlist, {
    props: { lot },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: RouterLinkStub },
    },
  })
  await flushPromises()
  return wrapper
}

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/waitlist')
})

describe('a spot that is held', () => {
  it.each([
    ['en', 50, /Held for the waitlist until .*12:15.*ada/s],
    ['de', 50, /Für die Warteliste freigehalten bis .*12:15.*ada/s],
    ['en', 51, /^No car$/],
  ] as const)('says in %s until when and for whom: spot %i', async (locale, id, words) => {
    await setLocale(locale)
    vi.spyOn(adminWaitlistApi, 'list').mockResolvedValue({
      entries: [of('bob', sampleEntry({ id: 2 })), of('ada', offeredEntry({ id: 1 }))],
      next: null,
      total: 2,
      server_time: '2026-03-02T12:00:00Z',
    })
    const wrapper = mount(HeldSpot, {
      props: { lot, spot: { id } as Spot },
      slots: { default: 'No car' },
      global: {
        plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
        stubs: { RouterLink: RouterLinkStub },
      },
    })
    await flushPromises()
    expect(wrapper.text()).toMatch(words)
  })
})

describe('the waitlist of a lot', () => {
  it('lists who waits, since when, for when, and who has an offer of which spot', async () => {
    const lots = [
      { id: 2, name: 'Station', timezone: 'UTC', position: 1 },
      { id: 1, name: 'Harbour', timezone: 'UTC', position: 4 },
    ]
    const instant = { booking_type: 'instant', reserved_start: null, reserved_end: null } as const
    const wrapper = await view([
      of('ada', offeredEntry({ id: 1 })),
      of('bob', sampleEntry({ id: 2, lots, position: 1, needs: ['ev'], ...instant })),
    ])
    const [ada, bob] = wrapper.findAll('tbody tr')
    expect(ada!.text()).toMatch(/ada.*ada@example\.com.*Spot offered.*Spot 5, held until/s)
    // On a phone a cell is a row of its label and one thing: the badge with what it means below it.
    expect(ada!.findAll('td').at(-1)!.element.children).toHaveLength(1)
    // The place in this lot, not in another one.
    expect(bob!.findAll('td')[1]!.text()).toBe('4')
    expect(bob!.text()).toMatch(/Now, until .*EV charging.*Waiting/s)
    expect(wrapper.get('[role=status]').text()).toBe('2 people on the waitlist')
    expect(adminWaitlistApi.list).toHaveBeenCalledWith(
      expect.objectContaining({ lot_id: 1 }),
      expect.anything(),
    )
  })

  it('says once that nobody waits', async () => {
    const wrapper = await view([])
    expect(wrapper.get('[role=status]').text()).toMatch(/^Nobody is waiting\. Drivers can join/)
    expect(wrapper.text().match(/Nobody/g)).toHaveLength(1)
    expect(wrapper.find('.pw-state').exists()).toBe(false)
  })

  it('shows what became of others by their status', async () => {
    const wrapper = await view([])
    const ended = { status: 'Lapsed', ended_at: '2026-03-02T12:15:00Z' } as const
    vi.mocked(adminWaitlistApi.list).mockResolvedValue({
      entries: [of('eve', offeredEntry({ id: 3, ...ended }))],
      next: null,
      total: 1,
      server_time: '2026-03-02T12:20:00Z',
    })
    await wrapper.get('select').setValue('Lapsed')
    await flushPromises()
    expect(vi.mocked(adminWaitlistApi.list).mock.calls.at(-1)![0]).toMatchObject({
      lot_id: 1,
      status: 'Lapsed',
    })
    expect(wrapper.get('tbody tr').text()).toMatch(/eve.*–.*Offer lapsed.*Spot 5, /s)
  })

  it.each([
    ['en', 'Waiting', 'spot_closed', 'The spot on offer was taken out of service'],
    ['en', 'Expired', 'lot_closed', 'A lot they were waiting for was deleted'],
    ['en', 'Expired', 'time_over', 'No spot became free in time'],
    ['en', 'Lapsed', 'not_claimed', 'The offer was not accepted in time'],
    ['en', 'Declined', 'declined', 'The driver declined the offer'],
    ['en', 'Left', 'left', 'The driver left'],
    ['en', 'Left', 'series_ended', 'The driver ended the repeating booking'],
    ['en', 'Left', 'account_deleted', 'The account was deleted'],
    ['de', 'Left', 'account_deleted', 'Das Konto wurde gelöscht'],
  ] as const)('says in %s why: %s, %s', async (locale, status, reason, words) => {
    await setLocale(locale)
    const wrapper = await view([of('eve', sampleEntry({ status, reason }))])
    expect(wrapper.get('tbody tr').text()).toContain(words)
  })
})
