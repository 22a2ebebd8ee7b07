import { mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import ScheduleView from './ScheduleView.vue'

const line = {
  kind: 'daily_report',
  description: '',
  every: 'day',
  time: '07:00',
  timezone: 'Asia/Tokyo',
  running: false,
  last_run: '2026-03-01T22:00:00Z',
  last_count: 2,
  next_run: '2026-03-02T22:00:00Z',
}
vi.mock('@/features/mail/useMail', () => ({
  useSchedule: () => ({ data: ref([line]), error: ref(null), isPending: ref(false) }),
  useMailKinds: () => ({ label: (kind: string) => kind }),
}))

describe('a line of the schedule', () => {
  it('has one clock: that of its rule, wherever the reader is', async () => {
    await setLocale('en')
    await useTexts('features/reports', 'features/mail')
    const view = mount(ScheduleView, {
      global: { plugins: [i18n], stubs: { RunDialog: true } },
    })
    const cells = view.findAll('tbody td').map((cell) => cell.text())
    expect(cells.join(' | ')).toMatch(/07:00.*0?7:00.*0?7:00/)
    expect(cells.join(' ')).not.toContain('22:00')
  })
})
