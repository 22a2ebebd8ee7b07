import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { seriesApi, type SeriesEnvelope } from '@/features/bookings/series/api'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import SeriesPage from './SeriesPage.vue'

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

/** What the page of the series says. */
async function words(values: Partial<SeriesEnvelope['series']>) {
  vi.spyOn(seriesApi, 'one').mockResolvedValue({
    series: { ...SERIES, ...values },
    bookings: [],
    server_time: '2030-03-02T12:00:00Z',
  })
  const wrapper = mount(SeriesPage, {
    props: { id: '12' },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { SeriesDates: true, EndSeriesDialog: true, LiveBadge: true },
    },
  })
  await flushPromises()
  const text = wrapper.text()
  wrapper.unmount()
  return text
}

describe('the page of a series', () => {
  beforeEach(() => useTexts('features/bookings/series'))

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
