import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import { adminLotsApi } from '@/features/lots/admin/api'
import type { Lot } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { currentToast } from '@/shared/ui/toasts'
import LotDialog from './LotDialog.vue'
import LotForm from './LotForm.vue'

const lot = (capacity: number, version: number) =>
  ({ id: 7, name: 'Harbour', capacity, version }) as Lot

it('brings back the spots that went, also when the stream was faster than the answer', async () => {
  await setLocale('en')
  await useTexts('features/lots/admin')
  const update = vi.spyOn(adminLotsApi, 'update')
  update.mockResolvedValue({ lot: lot(6, 3) } as never)
  const wrapper = mount(LotDialog, {
    props: { open: true, lot: lot(6, 1), timezone: 'UTC' },
    global: {
      plugins: [i18n, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { AppDialog: { template: '<div><slot /></div>' }, LotForm: true },
    },
  })
  await wrapper.setProps({ lot: lot(4, 2) })
  wrapper.getComponent(LotForm).vm.$emit('saved', lot(4, 2), [5, 6])
  currentToast.value!.action!.run()
  await flushPromises()
  expect(update).toHaveBeenCalledExactlyOnceWith(7, { capacity: 6 }, 2)
  expect(currentToast.value!.text).toBe('Spots 5–6 of Harbour are back.')
})
