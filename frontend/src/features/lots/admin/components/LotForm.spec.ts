import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { adminLotsApi } from '@/features/lots/admin/api'
import { ApiError } from '@/shared/api/errors'
import { lotsApi } from '@/features/lots/api'
import type { Lot, Spot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { lot } from './lotForm.stage'
import LotForm from './LotForm.vue'

function form(existing: Lot | null) {
  const client = new QueryClient({ defaultOptions: { queries: { enabled: false } } })
  return mount(LotForm, {
    props: { lot: existing, timezone: 'Europe/Berlin' },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: client }]],
      stubs: { RouterLink: RouterLinkStub },
    },
  })
}
type Form = ReturnType<typeof form>
const field = (wrapper: Form, name: string) => wrapper.get(`[data-field="${name}"]`)
async function submit(wrapper: Form) {
  await wrapper.get('form').trigger('submit')
  await flushPromises()
}

beforeEach(async () => {
  vi.restoreAllMocks()
  await setLocale('en')
  await useTexts('features/lots/admin')
})

describe('the lot form', () => {
  it('shows the time zone at once, with the time there', () => {
    const wrapper = form(null)
    const zone = field(wrapper, 'timezone')
    expect((zone.element as HTMLSelectElement).value).toBe('Europe/Berlin')
    expect(zone.element.closest('details')).toBeNull()
    expect(wrapper.text()).toMatch(/It is \d\d:\d\d/)
  })

  it('names the currency at the price', () => {
    expect(form(lot()).text()).toContain('Price per hour (€)')
  })

  it('says which spots a smaller number takes away', async () => {
    const spot = (spot_number: number, status = 'Available') =>
      ({ spot_number, status, reservations: [] }) as unknown as Spot
    const spots = [spot(1), spot(2), spot(3, 'Occupied'), spot(4)]
    vi.spyOn(lotsApi, 'spots').mockResolvedValue({ lot: lot(), spots })
    const wrapper = form(lot({ capacity: 4 }))
    await field(wrapper, 'capacity').setValue('2')
    await flushPromises()
    expect(wrapper.text()).toContain('Saving removes spots 2, 4.')
  })

  it('creates a lot from name, spots and price', async () => {
    const create = vi.spyOn(adminLotsApi, 'create').mockResolvedValue(lot())
    const wrapper = form(null)
    await field(wrapper, 'name').setValue('Harbour')
    await field(wrapper, 'capacity').setValue('50')
    await field(wrapper, 'price_per_hour').setValue('2,50')
    await submit(wrapper)
    expect(create.mock.calls[0]![0]).toEqual({ name: 'Harbour', capacity: 50, price_per_hour: 2.5 })
    expect(wrapper.emitted('saved')).toEqual([[lot(), []]])
  })

  it('sends nothing while a field is wrong, and says which', async () => {
    const create = vi.spyOn(adminLotsApi, 'create').mockResolvedValue(lot())
    const wrapper = form(null)
    await field(wrapper, 'capacity').setValue('0')
    await submit(wrapper)
    expect(create).not.toHaveBeenCalled()
    expect(wrapper.get('[role=alert]').text()).toContain('Enter how many spots there are')
  })

  it('sends only what was changed, with the version that it was read at', async () => {
    const update = vi.spyOn(adminLotsApi, 'update').mockResolvedValue({ lot: lot(), removed: [] })
    const wrapper = form(lot())
    await field(wrapper, 'name').setValue('Harbour North')
    await submit(wrapper)
    expect(update).toHaveBeenCalledWith(7, { name: 'Harbour North' }, 3, false)
  })

  it('shows what someone else saved, keeps what was typed, and saves on top of it', async () => {
    const theirs = lot({ name: 'Port', price_per_hour: 3, version: 4 })
    const update = vi.spyOn(adminLotsApi, 'update')
    update.mockRejectedValueOnce(
      new ApiError(412, 'stale', '', {}, null, null, { current: theirs }),
    )
    update.mockResolvedValue({ lot: theirs, removed: [] })
    const wrapper = form(lot())
    await field(wrapper, 'name').setValue('Harbour North')
    await submit(wrapper)
    expect(wrapper.text()).toContain('Someone else has changed this lot')
    expect((field(wrapper, 'name').element as HTMLInputElement).value).toBe('Harbour North')
    expect((field(wrapper, 'price_per_hour').element as HTMLInputElement).value).toBe('3')
    await submit(wrapper)
    expect(update).toHaveBeenLastCalledWith(7, { name: 'Harbour North' }, 4, false)
  })
})
