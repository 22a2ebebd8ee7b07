import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import texts from '@/features/exports/locales/en.json'
import shared from '@/shared/locales/en.json'
import { csvFormat } from '@/shared/format/csvFormat'
import { accountsApi } from '@/features/accounts/api'
import { exportsApi } from '@/features/exports/api'
import ExportDialog from './ExportDialog.vue'

const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: { ...shared, ...texts } } })
const job = (id: number, state = 'queued') =>
  ({ id, state, rows_done: 0, rows_total: null }) as never

function dialog() {
  return mount(ExportDialog, {
    props: { kind: 'bookings', filters: { status: 'Completed' }, open: true },
    global: {
      plugins: [i18n, VueQueryPlugin],
      stubs: { AppDialog: { template: '<div><slot /><slot name="actions" /></div>' } },
    },
  })
}

describe('the dialog of an export', () => {
  beforeEach(() => {
    csvFormat.value = 'auto'
    vi.restoreAllMocks()
    vi.spyOn(accountsApi, 'change').mockResolvedValue({} as never)
    vi.spyOn(accountsApi, 'site').mockResolvedValue({ mail_configured: true } as never)
    vi.spyOn(exportsApi, 'one').mockImplementation((id) => Promise.resolve(job(id)))
    vi.spyOn(exportsApi, 'cancel').mockResolvedValue(undefined as never)
  })

  it('starts at once, in the format of the account', async () => {
    const start = vi.spyOn(exportsApi, 'start').mockResolvedValue(job(1))
    dialog()
    await flushPromises()
    expect(start.mock.calls[0]?.slice(0, 3)).toEqual(['bookings', { status: 'Completed' }, 'auto'])
  })

  it('gives up the file under way when another format is chosen, and remembers the choice', async () => {
    const start = vi
      .spyOn(exportsApi, 'start')
      .mockResolvedValueOnce(job(1))
      .mockResolvedValueOnce(job(2))
    const wrapper = dialog()
    await flushPromises()
    await wrapper.get('select').setValue('semicolon')
    await flushPromises()
    expect(vi.mocked(exportsApi.cancel).mock.calls[0]?.[0]).toBe(1)
    expect(start.mock.calls[1]?.[2]).toBe('semicolon')
    expect(start.mock.calls[1]?.[3]).not.toBe(start.mock.calls[0]?.[3])
    expect(accountsApi.change).toHaveBeenCalledWith({ csv_format: 'semicolon' })
  })

  it('also gives up a file whose answer came after another format was chosen', async () => {
    let answer!: (begun: never) => void
    const late = new Promise<never>((resolve) => (answer = resolve))
    vi.spyOn(exportsApi, 'start').mockReturnValueOnce(late).mockResolvedValueOnce(job(2))
    const wrapper = dialog()
    await flushPromises()
    await wrapper.get('select').setValue('machine')
    await flushPromises()
    answer(job(1))
    await flushPromises()
    expect(vi.mocked(exportsApi.cancel).mock.calls.map(([id]) => id)).toEqual([1])
    expect(vi.mocked(exportsApi.one).mock.calls.at(-1)?.[0]).toBe(2)
  })

  it.each([
    [0, 'no rows'],
    [1, '1 row.'],
    [2, '2 rows.'],
  ])('counts the rows of the file: %i', async (rows_done, text) => {
    vi.spyOn(exportsApi, 'start').mockResolvedValue(job(1))
    vi.mocked(exportsApi.one).mockResolvedValue({
      ...(job(1, 'done') as object),
      rows_done,
    } as never)
    vi.useFakeTimers()
    const wrapper = dialog()
    await vi.advanceTimersByTimeAsync(2_000)
    vi.useRealTimers()
    expect(wrapper.text()).toContain(`Your file is ready: ${text}`)
  })
})
