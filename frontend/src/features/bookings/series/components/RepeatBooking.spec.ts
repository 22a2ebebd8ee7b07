import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { seriesApi, type Preview, type SeriesDate } from '@/features/bookings/series/api'
import { waitlistApi } from '@/features/waitlist/api'
import { ApiError } from '@/shared/api/errors'
import type { Lot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { currentToast } from '@/shared/ui/toasts'
import RepeatBooking from './RepeatBooking.vue'

const push = vi.fn()
vi.mock('vue-router', () => ({ useRouter: () => ({ push }) }))

const LOT = { id: 7, name: 'Harbour', timezone: 'UTC', currency: 'EUR' } as Lot
const WINDOW = { from: '2030-03-05T08:00', to: '2030-03-05T17:30' }
const date = (day: string, values: Partial<SeriesDate> = {}) =>
  ({
    date: day,
    status: 'ok',
    available: true,
    reserved_start: `${day}T08:00:00Z`,
    reserved_end: `${day}T17:30:00Z`,
    spot_number: 3,
    total_cost: 10,
    ...values,
  }) as SeriesDate
const DATES = [
  date('2030-03-05'),
  date('2030-03-12', { status: 'full', available: false, spot_number: null }),
  date('2030-03-19', { status: 'yours_already' }),
  date('2030-05-28', { status: 'later', spot_number: null }),
]
const previewOf = (dates: SeriesDate[]) =>
  ({ dates, total_cost: 30, currency: 'EUR', lot_timezone: 'UTC' }) as Preview

function repeat(props: object = {}) {
  const wrapper = mount(RepeatBooking, {
    props: {
      modelValue: true,
      lot: LOT,
      window: WINDOW,
      plate: '',
      needs: [],
      'onUpdate:modelValue': (modelValue: boolean) => wrapper.setProps({ modelValue }),
      ...props,
    },
    attachTo: document.body,
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { RouterLink: { template: '<a href="#"><slot /></a>' } },
    },
  })
  return wrapper
}
type Repeat = ReturnType<typeof repeat>
const button = (wrapper: Repeat, text: string) =>
  wrapper.findAll('button').find((one) => one.text().includes(text))!
async function press(wrapper: Repeat, text: string) {
  await button(wrapper, text).trigger('click')
  await flushPromises()
}

let preview: MockInstance<typeof seriesApi.preview>
let create: MockInstance<typeof seriesApi.create>
beforeEach(async () => {
  push.mockReset()
  await setLocale('en')
  await useTexts('features/bookings/series', 'features/bookings/history')
  preview = vi.spyOn(seriesApi, 'preview').mockResolvedValue(previewOf(DATES))
  create = vi.spyOn(seriesApi, 'create')
  create.mockResolvedValue({ series: { id: 12 }, bookings: [], message: '' } as never)
})

describe('repeating a booking', () => {
  it('speaks of one date as of one', async () => {
    preview.mockResolvedValue(previewOf(DATES.slice(0, 2)))
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    expect(wrapper.text()).toContain('1 of 2 dates is available')
    await setLocale('de')
    await flushPromises()
    expect(wrapper.text()).toContain('1 von 2 Terminen ist verfügbar')
    wrapper.unmount()
  })

  it('asks for the dates of the window’s day of the week', async () => {
    const wrapper = repeat({ spotId: 70, plate: 'B-PW 1', needs: ['ev'] })
    await press(wrapper, 'Check the dates')
    expect(preview.mock.calls[0]![0]).toEqual({
      lot_id: 7,
      start_time: '08:00',
      end_time: '17:30',
      days: ['tu'],
      every_weeks: 1,
      from: '2030-03-05',
      until: '2030-05-27',
      spot_id: 70,
      vehicle_plate: 'B-PW 1',
      needs: ['ev'],
    })
    expect(document.activeElement?.textContent).toContain('3 of 4 dates are available')
    wrapper.unmount()
  })

  it('shows what is wrong with each date, and leaves the choice to the user', async () => {
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    const boxes = wrapper.findAll<HTMLInputElement>('li input')
    expect(boxes.map(({ element }) => [element.checked, element.disabled])).toEqual([
      [true, false],
      [false, true],
      [false, false],
      [true, false],
    ])
    expect(wrapper.text()).toContain('No spot is free')
    expect(wrapper.text()).toContain('You already have a booking at this time')
    expect(wrapper.text()).toContain('2 dates, €20.00 in total')
    await boxes[2]!.setValue(true)
    expect(wrapper.text()).toContain('3 dates, €30.00 in total')
    await boxes[0]!.setValue(false)
    await press(wrapper, 'Book 2 dates')
    expect(create.mock.calls[0]![0].accept).toEqual(['2030-03-19', '2030-05-28'])
    expect(push).toHaveBeenCalledWith({ name: 'series', params: { id: 12 } })
    wrapper.unmount()
  })

  it('asks whether to wait for later dates on which no spot is free, and does not unless told so', async () => {
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    const wait = () => wrapper.find<HTMLInputElement>('input[name=waits]')
    expect(wait().element.checked).toBe(false)
    expect(wait().element.labels![0]!.textContent!.trim()).toBe(
      'If no spot is free on a later date, put me on the waitlist',
    )
    await press(wrapper, 'Book 2 dates')
    expect(create.mock.calls[0]![0].wait_if_full).toBe(false)
    await wait().setValue(true)
    await press(wrapper, 'Book 2 dates')
    expect(create.mock.calls[1]![0].wait_if_full).toBe(true)
    expect(create.mock.calls[1]![1]).not.toBe(create.mock.calls[0]![1])
    wrapper.unmount()
  })

  it('does not ask where none of the chosen dates is a later one', async () => {
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    await wrapper.findAll('li input')[3]!.setValue(false)
    expect(wrapper.find('input[name=waits]').exists()).toBe(false)
    preview.mockResolvedValue(previewOf(DATES.slice(0, 1)))
    await press(wrapper, 'Check again')
    expect(wrapper.find('input[name=waits]').exists()).toBe(false)
    wrapper.unmount()
  })

  it('shows the dates as they are now when somebody was faster', async () => {
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    const taken = DATES.map((one, n) =>
      n ? one : { ...one, status: 'full', available: false, spot_number: null },
    )
    create.mockRejectedValueOnce(
      new ApiError(409, 'series_dates', '1 date is no longer available.', {}, null, null, {
        ...previewOf(taken as SeriesDate[]),
      }),
    )
    button(wrapper, 'Book 2 dates').element.focus()
    await press(wrapper, 'Book 2 dates')
    expect(wrapper.get('[role=alert]').text()).toContain('is no longer available')
    expect(document.activeElement).toBe(wrapper.get('[role=alert]').element)
    await press(wrapper, 'Book 1 date')
    expect(create.mock.calls[1]![0].accept).toEqual(['2030-05-28'])
    wrapper.unmount()
  })

  it('says which dates are booked, and which are not yet', async () => {
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    create.mockResolvedValueOnce({
      series: { id: 12 },
      bookings: [{ id: 1 }],
      message: '',
    } as never)
    await press(wrapper, 'Book 2 dates')
    expect(currentToast.value?.text).toBe('1 date booked. 1 later one follows as soon as possible.')
    wrapper.unmount()
  })

  it('folds those of many dates about which there is nothing to decide', async () => {
    const more = [10, 11, 12].map((n) => date(`2030-04-${n}`))
    preview.mockResolvedValue(previewOf([...DATES, ...more]))
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    const open = wrapper.findAll('.pw-dates > div li').map((one) => one.text())
    expect(open).toHaveLength(2)
    expect(open[0]).toContain('No spot is free')
    const folds = wrapper.findAll('details')
    expect(folds.map((one) => one.get('summary').text())).toEqual([
      '4 dates are free',
      '1 later date',
    ])
    await folds[0]!.get<HTMLInputElement>('input').setValue(false)
    expect(wrapper.text()).toContain('4 dates, €40.00 in total')
    wrapper.unmount()
  })

  it('offers the waitlist for a date on which no spot is free', async () => {
    const join = vi.spyOn(waitlistApi, 'join')
    join.mockRejectedValueOnce(new ApiError(409, 'too_many_entries', 'Too many places.'))
    join.mockResolvedValueOnce({ entry: { id: 40 }, message: '' } as never)
    const wrapper = repeat({ plate: 'B-PW 1', needs: ['ev'] })
    await press(wrapper, 'Check the dates')
    await press(wrapper, 'Join the waitlist')
    expect(document.activeElement?.getAttribute('role')).toBe('alert')
    await press(wrapper, 'Join the waitlist')
    expect(join.mock.lastCall![0]).toEqual({
      lot_ids: [7],
      booking_type: 'reserved',
      reserved_start: '2030-03-12T08:00:00Z',
      reserved_end: '2030-03-12T17:30:00Z',
      needs: ['ev'],
      vehicle_plate: 'B-PW 1',
    })
    expect(button(wrapper, 'Join the waitlist')).toBeUndefined()
    expect(document.activeElement?.textContent).toContain('You are on the waitlist for this date')
    wrapper.unmount()
  })

  it('leads to a place that one has already for a time that overlaps', async () => {
    const waiting = new ApiError(409, 'already_waiting', '', {}, null, null, { entry_id: 40 })
    vi.spyOn(waitlistApi, 'join').mockRejectedValueOnce(waiting)
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    await press(wrapper, 'Join the waitlist')
    expect(document.activeElement?.textContent).toContain('for a time that overlaps')
    wrapper.unmount()
  })

  it('writes a time that the clocks leave out like the others', async () => {
    const missing = { status: 'clock_change', available: false, spot_number: null } as const
    preview.mockResolvedValue(previewOf([date('2030-03-12'), date('2030-03-31', missing)]))
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    const [one, other] = wrapper.findAll('li .fw-semibold').map((text) => text.text())
    expect(other).toBe(one!.replace('Tue', 'Sun').replace('12', '31'))
    wrapper.unmount()
  })

  it('keeps one key for the same request, so that it books once', async () => {
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    create.mockRejectedValueOnce(new ApiError(0, 'offline', ''))
    await press(wrapper, 'Book 2 dates')
    await press(wrapper, 'Book 2 dates')
    expect(create.mock.calls[1]![1]).toBe(create.mock.calls[0]![1])
    wrapper.unmount()
  })

  it('takes back the dates when something else is asked for', async () => {
    const wrapper = repeat()
    await press(wrapper, 'Check the dates')
    await wrapper.get('button[aria-label=Wednesday]').trigger('click')
    expect(wrapper.findAll('li')).toHaveLength(0)
    await wrapper.get('select[name=ends]').setValue('count')
    await wrapper.get('input[name=count]').setValue('x')
    await press(wrapper, 'Check the dates')
    expect(wrapper.text()).toContain('Enter a number from 1 to 366')
    expect(preview).toHaveBeenCalledTimes(1)
    await wrapper.get('input[name=count]').setValue('5')
    await press(wrapper, 'Check the dates')
    expect(preview.mock.calls[1]![0]).toMatchObject({ days: ['tu', 'we'], count: 5 })
    wrapper.unmount()
  })

  it('is not offered for a window of a day or more', async () => {
    const wrapper = repeat({ modelValue: false, window: { ...WINDOW, to: '2030-03-06T08:00' } })
    expect(wrapper.text()).toBe('')
    await wrapper.setProps({ window: WINDOW })
    expect(wrapper.text()).toContain('Repeat this booking')
    wrapper.unmount()
  })
})
