import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { adminLotsApi } from '@/features/lots/admin/api'
import type { Lot } from '@/shared/api/types'
import { setDisplayTimezone } from '@/shared/browser/preferences'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import LotForm from './LotForm.vue'

beforeEach(async () => {
  await setLocale('en')
  await useTexts('features/lots/admin')
  setDisplayTimezone('America/New_York')
})
afterEach(() => setDisplayTimezone(null))

it.each([
  ['Europe/Berlin', 'Europe/Berlin', undefined],
  ['UTC', 'America/New_York', 'America/New_York'],
])(
  'a new lot of an operator in %s has the zone %s, which is seen',
  async (operator, zone, sent) => {
    const create = vi.spyOn(adminLotsApi, 'create').mockResolvedValue({} as Lot)
    const queryClient = new QueryClient({ defaultOptions: { queries: { enabled: false } } })
    const form = mount(LotForm, {
      props: { lot: null, timezone: operator },
      global: {
        plugins: [i18n, [VueQueryPlugin, { queryClient }]],
        stubs: { RouterLink: RouterLinkStub },
      },
    })
    const field = form.get<HTMLSelectElement>('[data-field="timezone"]').element
    expect(field.value).toBe(zone)
    expect(field.closest('details')).toBeNull()
    for (const [name, text] of Object.entries({ name: 'A', capacity: '5', price_per_hour: '2' }))
      await form.get(`[data-field="${name}"]`).setValue(text)
    await form.get('form').trigger('submit')
    await flushPromises()
    // What the server would choose by itself is not sent.
    expect(create.mock.calls[0]![0].timezone).toBe(sent)
  },
)
