import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Component } from 'vue'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { currentToast } from '@/shared/ui/toasts'
import { statisticsApi } from '@/features/statistics/api'
import ChartCard from './ChartCard.vue'
import HourDays from './HourDays.vue'
import MetricTable from './MetricTable.vue'

vi.mock('vue-router', () => ({ useRoute: () => ({ query: {} }) }))

const broken = () => Promise.reject(new Error('no network'))
const DAYS = { from: '2026-03-02', to: '2026-03-02' }
const hour = { days: [], occupancy_percent: 0, occupied_seconds: 0, available_seconds: 0 }

beforeEach(async () => {
  currentToast.value = null
  await setLocale('en')
  await useTexts('features/statistics/admin')
  vi.spyOn(statisticsApi, 'csv').mockImplementation(broken)
  vi.spyOn(statisticsApi, 'hourCsv').mockImplementation(broken)
  vi.spyOn(statisticsApi, 'hour').mockResolvedValue(hour as never)
})

describe('a file that cannot be made', () => {
  it.each<[string, Component, object]>([
    [
      'a chart',
      ChartCard,
      { insight: '', about: '', name: '', columns: [], rows: [], csv: broken },
    ],
    ['all metrics', MetricTable, { stats: { figures: [], ...DAYS }, query: DAYS }],
    ['an hour', HourDays, { query: { ...DAYS, weekday: 0, hour: 8 } }],
  ])('is told as a problem: %s', async (_, component, props) => {
    const wrapper = mount(component, {
      props,
      global: {
        plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
        stubs: { RouterLink: RouterLinkStub },
      },
    })
    await flushPromises()
    await wrapper
      .findAll('button')
      .find((one) => one.text() === 'CSV')!
      .trigger('click')
    await flushPromises()
    expect(currentToast.value).toMatchObject({
      kind: 'problem',
      text: 'The file could not be created. Please try again.',
    })
  })
})
