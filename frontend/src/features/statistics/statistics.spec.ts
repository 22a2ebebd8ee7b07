import { mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import MetricCards from '@/features/statistics/components/MetricCards.vue'
import HeatMap from '@/features/statistics/heat/HeatMap.vue'
import { sampleStats } from './sample'
import { useMetricFormat } from './useMetricFormat'

beforeAll(async () => {
  await setLocale('en')
  await useTexts('features/statistics/admin')
})

afterEach(() => vi.useRealTimers())

const global = {
  plugins: [i18n],
  stubs: {
    RouterLink: { props: ['to'], template: '<a :data-to="JSON.stringify(to)"><slot /></a>' },
  },
}

/** The formatters, as a component would have them. */
function formatters() {
  let metricFormat!: ReturnType<typeof useMetricFormat>
  const Holder = defineComponent(() => {
    metricFormat = useMetricFormat('EUR')
    return () => h('i')
  })
  mount(Holder, { global })
  return metricFormat
}

describe('a period', () => {
  it('is its days, a single day without an end', () => {
    const { day, days } = formatters()
    expect(days('2026-11-23', '2026-11-29')).toBe(`${day('2026-11-23')} – ${day('2026-11-29')}`)
    expect(days('2026-11-29', '2026-11-29')).toBe(day('2026-11-29'))
  })
})

describe('the key metrics', () => {
  it('say their value, their change in words, and lead to their bookings', () => {
    const cards = mount(MetricCards, { props: { stats: sampleStats() }, global })
    const revenue = cards.findAll('.pw-kpi').find((card) => card.text().startsWith('Revenue'))!
    expect(revenue.text()).toContain('€40.00')
    expect(revenue.text()).toContain('+25% vs previous period')
    expect(JSON.parse(revenue.find('a').attributes('data-to')!)).toEqual({
      name: 'admin-bookings',
      query: { counted: 'ended', x: '1' },
    })
  })

  it('are the four that an operator decides with; the others are folded, in whole rows', () => {
    const stats = sampleStats()
    const metric = stats.figures[0]!
    const names = ['revenue', 'occupancy', 'peak_occupancy', 'bookings', 'revenue_per_spot_hour']
    const others = ['turnover', 'average_stay', 'drivers', 'no_show_rate', 'cancellation_rate']
    stats.figures = [...names, ...others, 'new_users'].map((name) => ({ ...metric, name }))
    const cards = mount(MetricCards, { props: { stats }, global })
    const labels = (list: number) =>
      cards
        .findAll('dl')
        .at(list)!
        .findAll('dt')
        .map((one) => one.text())
    expect(labels(0)).toEqual(['Revenue', 'Occupancy', 'Busiest hour', 'Bookings'])
    expect(labels(1)).toHaveLength(8)
    expect(labels(1)[0]).toBe('Occupied now')
    const folded = cards.get<HTMLDetailsElement>('details')
    expect(folded.element.open).toBe(false)
    expect(folded.get('summary').text()).toBe('More metrics')
  })

  it('count percentages in points, and call something new new', () => {
    const text = mount(MetricCards, { props: { stats: sampleStats() }, global }).text()
    expect(text).toContain('−5.5 points')
    expect(text).toContain('none in the previous period')
  })

  it('say nothing of a change without a period before', () => {
    const stats = sampleStats({ previous: null })
    const text = mount(MetricCards, { props: { stats }, global }).text()
    expect(text).not.toContain('before')
  })
})

describe('the heat map', () => {
  const heat = () => {
    const write = formatters()
    return mount(HeatMap, {
      props: {
        hours: sampleStats().hours,
        weekday: write.weekday,
        hour: write.hour,
        label: 'Occupancy',
        to: (weekday: number, hour: number) => `/${weekday}/${hour}`,
        says: (weekday: number, hour: number, percent: number) => `${weekday} ${hour} ${percent}`,
      },
      global,
    })
  }

  it('is a table in which every cell says its number', () => {
    const cells = heat().findAll('tbody td')
    expect(cells).toHaveLength(168)
    expect(cells.map((cell) => cell.text()).filter((text) => text === '81')).toHaveLength(1)
    expect(cells.map((cell) => cell.text()).filter((text) => text === '–')).toHaveLength(1)
  })

  it('leads from each cell with spots to its days, with one stop for the Tab key', () => {
    const links = heat().findAll('tbody td a')
    expect(links).toHaveLength(167)
    const busiest = links.find((link) => link.text() === '81')!
    expect(busiest.attributes('data-to')).toBe('"/1/13"')
    expect(busiest.attributes('aria-label')).toBe('1 13 81.4')
    expect(links.filter((link) => link.attributes('tabindex') === '0')).toHaveLength(1)
  })

  it('names its rows and columns', () => {
    const wrapper = heat()
    expect(wrapper.findAll('th[scope=row]').length + wrapper.findAll('th[scope=col]').length).toBe(
      31,
    )
    expect(wrapper.text()).toContain('Percent occupied')
    expect(wrapper.text()).toMatch(/66–81\s+\(busiest hour\)/)
  })
})

describe('metrics as text', () => {
  it('have their unit', () => {
    const write = formatters()
    expect(write.metric(null, 'money')).toBe('–')
    expect(write.metric(12.5, 'money')).toBe('€12.50')
    expect(write.metric(26.4, 'percent')).toBe('26%')
    expect(write.metric(0.5, 'percent')).toBe('0.5%')
    expect(write.metric(7800, 'seconds')).toBe('2 hr 10 min')
    expect(write.metric(125, 'minutes')).toBe('2 hr 5 min')
    expect(write.metric(0.327, 'per_spot_day')).toBe('0.33')
    expect(write.metric(1234, 'count')).toBe('1,234')
  })

  it('name days and weekdays, and the year where it is another one', () => {
    vi.useFakeTimers({ now: new Date('2026-12-01T12:00:00Z'), toFake: ['Date'] })
    const write = formatters()
    expect(write.day('2026-03-01')).toBe('Sun, Mar 1')
    expect(write.day('2025-03-01')).toBe('Sat, Mar 1, 2025')
    expect([0, 6].map((n) => write.weekday(n))).toEqual(['Monday', 'Sunday'])
  })
})
