import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Spot } from '@/shared/api/types'
import { i18n, setLocale } from '@/shared/format/i18n'
import SpotGrid from './SpotGrid.vue'

const spot = (number: number, values: Partial<Spot> = {}) =>
  ({
    id: 100 + number,
    spot_number: number,
    status: 'Available',
    mine: false,
    level: null,
    ev: false,
    accessible: false,
    covered: false,
    ...values,
  }) as Spot
const spots = [spot(1), spot(2, { status: 'Occupied' }), spot(3, { ev: true }), spot(4)]

function grid(props: object = {}) {
  return mount(SpotGrid, {
    props: { spots, label: 'Spots of Harbour', ...props },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
}
const at = (wrapper: ReturnType<typeof grid>, number: number) =>
  wrapper.get<HTMLElement>(`[data-spot="${number}"]`)

beforeEach(() => setLocale('en'))

describe('the spot grid', () => {
  it('names each spot in full', () => {
    const wrapper = grid()
    expect(at(wrapper, 2).attributes('aria-label')).toBe('Spot 2, occupied')
    expect(at(wrapper, 3).attributes('aria-label')).toBe('Spot 3, available, EV charging')
    wrapper.unmount()
  })

  it('has a sign and a word for each feature', () => {
    const features = { ev: true, accessible: true, covered: true }
    const wrapper = grid({ spots: [spot(1, features), spot(2, { covered: true }), spot(3)] })
    const signs = (number: number) => at(wrapper, number).findAll('svg').length
    expect([1, 2, 3].map(signs)).toEqual([3, 1, 0])
    expect(at(wrapper, 2).attributes('aria-label')).toBe('Spot 2, available, covered')
    wrapper.unmount()
  })

  it('shows a selected spot unlike one’s own', () => {
    const own = spot(1, { status: 'Occupied', mine: true })
    const wrapper = grid({ spots: [own, spot(2)], selectedId: 102 })
    const looks = [1, 2].map((number) => at(wrapper, number))
    const [mine, selected] = looks.map((one) => one.classes())
    expect(mine).toContain('pw-bay-mine')
    expect(mine).not.toContain('pw-bay-selected')
    expect(selected).toContain('pw-bay-selected')
    expect(selected).not.toContain('pw-bay-mine')
    const [star, check] = looks.map((one) => one.get('svg').html())
    expect(star).not.toBe(check)
    expect(looks.map((one) => one.attributes('aria-pressed'))).toEqual(['false', 'true'])
    wrapper.unmount()
  })

  it('selects a free spot, and no other', async () => {
    const wrapper = grid()
    await at(wrapper, 2).trigger('click')
    expect(wrapper.emitted('select')).toBeUndefined()
    expect(at(wrapper, 2).attributes('aria-disabled')).toBe('true')
    await at(wrapper, 3).trigger('click')
    expect(wrapper.emitted('select')).toEqual([[spots[2]]])
    wrapper.unmount()
  })

  it('lets administrators open every spot', async () => {
    const wrapper = grid({ anySpot: true })
    await at(wrapper, 2).trigger('click')
    expect(wrapper.emitted('select')).toHaveLength(1)
    wrapper.unmount()
  })

  it('offers only the spots that are free in the window', async () => {
    const wrapper = grid({ freeThen: new Set([102]) })
    await at(wrapper, 1).trigger('click')
    expect(wrapper.emitted('select')).toBeUndefined()
    await at(wrapper, 2).trigger('click')
    expect(wrapper.emitted('select')).toHaveLength(1)
    wrapper.unmount()
  })

  it('has one tab stop, which the arrow keys move', async () => {
    const wrapper = grid()
    const stops = () => wrapper.findAll('[tabindex="0"]').map((one) => one.attributes('data-spot'))
    expect(stops()).toEqual(['1'])
    await at(wrapper, 1).trigger('keydown', { key: 'ArrowRight' })
    expect(stops()).toEqual(['2'])
    expect(document.activeElement).toBe(at(wrapper, 2).element)
    await at(wrapper, 2).trigger('keydown', { key: 'End', ctrlKey: true })
    expect(stops()).toEqual(['4'])
    wrapper.unmount()
  })
})
