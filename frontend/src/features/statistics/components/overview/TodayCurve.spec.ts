import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { sampleStats } from '@/features/statistics/sample'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import TodayCurve from './TodayCurve.vue'

it.each(['Mars/Olympus', 'Etc/Unknown', ''])(
  'is drawn in UTC where the browser does not know the zone (%s)',
  async (timezone) => {
    await setLocale('en')
    await useTexts('features/statistics/admin')
    const curve = [{ at: '2026-11-30T12:30:00Z', occupied: 3, capacity: 10 }]
    const stats = { ...sampleStats(), from: '2026-11-30', to: '2026-11-30', curve }
    const curveCard = mount(TodayCurve, {
      props: { today: stats, before: stats, timezone },
      global: { plugins: [i18n], stubs: { ChartCard: true } },
    })
    expect(curveCard.findComponent({ name: 'ChartCard' }).props('chart').labels).toEqual(['12:30'])
  },
)
