import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { seriesApi, type SeriesEnvelope } from '@/features/bookings/series/api'
import { ApiError } from '@/shared/api/errors'
import type { Booking } from '@/shared/api/types'
import { displayTimezone } from '@/shared/browser/preferences'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import SeriesPage from './SeriesPage.vue'

vi.mock('@/features/bookings/useLive', () => ({ useLive: () => {} }))

const SERIES: SeriesEnvelope['series'] = {
  id: 12,
  lot_id: 7,
  lot_name: 'Harbour',
  lot_timezone: 'UTC',
  start_time: '08:00',
  end_time: '17:30',
  days: ['tu'],
  every_weeks: 1,
  from: '2030-03-05',
  until: '2030-05-28',
  next_date: '2030-05-07',
  open_bookings: 9,
  needs: [],
  wait_if_full: true,
  created_at: '2030-03-02T12:00:00Z',
  ended_at: null,
}

const booking = (id: number, status: Booking['status']) =>
  ({
    id,
    status,
    actions: status === 'Reserved' ? ['cancel'] : [],
    lot_timezone: 'UTC',
    spot_number: 4,
    start_time: `2030-03-${id}T08:00:00Z`,
    reserved_start: `2030-03-${id}T08:00:00Z`,
    reserved_end: `2030-03-${id}T17:30:00Z`,
    end_time: null,
    total_cost: 10,
    currency: 'EUR',
  }) as unknown as Booking

async function page(values: Partial<SeriesEnvelope['series']>, bookings: Booking[] = []) {
  vi.spyOn(seriesApi, 'one').mockResolvedValue({
    series: { ...SERIES, ...values },
    bookings,
    server_time: '2030-03-02T12:00:00Z',
  })
  const wrapper = mount(SeriesPage, {
    props: { id: '12' },
    attachTo: document.querySelector('main')!,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: { template: '<a><slot /></a>' }, LiveBadge: true },
    },
  })
  await flushPromises()
  return wrapper
}

/** What the page of the series says. */
async function words(values: Partial<SeriesEnvelope['series']>) {
  const wrapper = await page(values)
  const text = wrapper.text()
  wrapper.unmount()
  return text
}

describe('the page of a series', () => {
  it('names the zone of its times where that is not the reader’s', async () => {
    expect(await words({ lot_timezone: 'America/New_York' })).toContain(
      '08:00–17:30 (America/New York)',
    )
    expect(await words({ lot_timezone: displayTimezone.value })).not.toContain('17:30 (')
  })

  beforeEach(async () => {
    document.body.innerHTML = '<main></main>'
    await setLocale('en')
    await useTexts('features/bookings/series', 'features/bookings/history')
  })

  it('is named by its days and lot, and folds what is over', async () => {
    const dates = [booking(12, 'Cancelled'), booking(19, 'Reserved'), booking(26, 'Reserved')]
    const wrapper = await page({ days: ['tu', 'th'] }, dates)
    expect(wrapper.get('h1').text()).toBe('Tue, Thu at Harbour')
    expect(wrapper.get('header').text()).toContain('Your bookings')
    expect(wrapper.get('summary').text()).toBe('1 past or cancelled date')
    expect(wrapper.get('details').attributes('open')).toBeUndefined()
    expect(wrapper.findAll('details tbody tr')).toHaveLength(1)
    expect(wrapper.findAll('tbody tr')).toHaveLength(3)
    wrapper.unmount()
  })

  it('moves the focus to its heading after dates are cancelled, to the error when refused', async () => {
    const end = vi.spyOn(seriesApi, 'end')
    end.mockRejectedValueOnce(new ApiError(429, 'rate_limited', 'Too many.'))
    end.mockResolvedValueOnce({ count: 1 } as never)
    const wrapper = await page({}, [booking(19, 'Reserved'), booking(26, 'Reserved')])
    await wrapper.findAll('tbody button')[1]!.trigger('click')
    await flushPromises()
    const press = async () => {
      document.querySelector<HTMLElement>('dialog .btn-danger')!.click()
      await flushPromises()
    }
    await press()
    expect(document.activeElement?.getAttribute('role')).toBe('alert')
    await press()
    expect(end.mock.lastCall).toEqual([12, '2030-03-26'])
    await vi.waitFor(() => expect(document.activeElement?.tagName).toBe('H1'))
    wrapper.unmount()
  })

  it('says that one waits for a later date on which no spot is free', async () => {
    await setLocale('en')
    const waits = 'If no spot is free on one of them, you join the waitlist.'
    expect(await words({})).toContain(`each as soon as possible. ${waits}`)
    expect(await words({ wait_if_full: false })).not.toContain('waitlist')
    expect(await words({ next_date: null })).not.toContain('waitlist')
    await setLocale('de')
    expect(await words({})).toContain('kommen Sie auf die Warteliste.')
    await setLocale('en')
  })
})
