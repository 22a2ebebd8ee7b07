import { mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { Bar } from 'vue-chartjs'
import ChartCanvas from './ChartCanvas.vue'

vi.mock('vue-router', () => ({ useRouter: () => ({ push: vi.fn() }) }))

interface Options {
  scales: { y: { ticks: { precision?: number } } }
}
const axisOf = (whole?: boolean) => {
  const chart = mount(ChartCanvas, {
    props: {
      chart: { kind: 'bar', labels: ['Mon'], axis: 'Cars', series: [], whole },
      label: 'Cars',
      write: String,
      tick: String,
    },
  })
  const { options } = chart.getComponent(Bar).vm.$props as unknown as { options: Options }
  return options.scales.y.ticks
}

describe('the value axis of a chart', () => {
  it('has no fractions of things', () => {
    expect(axisOf(true).precision).toBe(0)
    expect(axisOf().precision).toBeUndefined()
  })
})
