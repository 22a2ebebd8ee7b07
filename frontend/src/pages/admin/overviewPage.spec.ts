import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { accountsApi } from '@/features/accounts/api'
import { adminBookingsApi } from '@/features/bookings/admin/api'
import { lotsApi } from '@/features/lots/api'
import { statisticsApi } from '@/features/statistics/api'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import OverviewPage from './OverviewPage.vue'

vi.mock('@/features/bookings/useLive', () => ({ useLive: () => {} }))

const never = () => new Promise<never>(() => {})
const broken = () => Promise.reject(new ApiError(500, 'internal', ''))
const NONE = 'There are no lots yet.'
const WELL = 'All systems operational'
const well = { outbox: { held_up: null, failed: 0, queued: 0 }, names: { count: 0 } }

async function overview() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrapper = mount(OverviewPage, {
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: client }]],
      stubs: {
        TodayCards: true,
        TodayCurve: true,
        LiveBadge: true,
        RouterLink: RouterLinkStub,
      },
    },
  })
  await flushPromises()
  return { wrapper, client }
}

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/statistics/admin', 'app')
  vi.spyOn(accountsApi, 'site').mockResolvedValue({ timezone: 'UTC' } as never)
  vi.spyOn(statisticsApi, 'admin').mockResolvedValue({ currency: 'EUR', lots: [] } as never)
  vi.spyOn(statisticsApi, 'system').mockResolvedValue(well as never)
  vi.spyOn(statisticsApi, 'waitingClosures').mockResolvedValue([])
  vi.spyOn(adminBookingsApi, 'totals').mockResolvedValue({ count: 0 } as never)
  vi.spyOn(lotsApi, 'list').mockResolvedValue([])
})

describe('the overview', () => {
  it('says that there are no lots and no problems once it knows', async () => {
    const text = (await overview()).wrapper.text()
    expect(text).toContain(NONE)
    expect(text).toContain(WELL)
  })

  it('claims neither while the answers are on their way', async () => {
    vi.spyOn(lotsApi, 'list').mockImplementation(never)
    expect((await overview()).wrapper.text()).not.toContain(NONE)
    vi.spyOn(lotsApi, 'list').mockResolvedValue([])
    vi.spyOn(statisticsApi, 'system').mockImplementation(never)
    expect((await overview()).wrapper.text()).not.toContain(WELL)
  })

  it('asks for no day before it knows in which zone it is', async () => {
    vi.useFakeTimers({ now: new Date('2026-11-30T23:40:00Z'), toFake: ['Date'] })
    const statistics = vi.spyOn(statisticsApi, 'admin')
    vi.spyOn(accountsApi, 'site').mockImplementation(never)
    await overview()
    expect(statistics).not.toHaveBeenCalled()
    vi.spyOn(accountsApi, 'site').mockResolvedValue({ timezone: 'Europe/Berlin' } as never)
    await overview()
    const days = statistics.mock.calls.map(([query]) => query.to)
    vi.useRealTimers()
    expect(new Set(days)).toEqual(new Set(['2026-12-01', '2026-11-24']))
  })

  it('says that the lots could not be loaded, and asks again', async () => {
    const list = vi.spyOn(lotsApi, 'list').mockImplementation(broken)
    const { wrapper } = await overview()
    expect(wrapper.text()).not.toContain(NONE)
    list.mockResolvedValue([])
    await wrapper.get('[role=alert] button').trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain(NONE)
  })

  it('stays as it is when a refresh fails', async () => {
    const { wrapper, client } = await overview()
    vi.spyOn(statisticsApi, 'admin').mockImplementation(broken)
    await client.refetchQueries({ queryKey: ['admin', 'stats'] })
    await flushPromises()
    expect(wrapper.find('[role=alert]').exists()).toBe(false)
    expect(wrapper.text()).toContain(NONE)
  })
})
