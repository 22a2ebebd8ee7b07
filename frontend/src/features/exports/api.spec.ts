import { describe, expect, it, vi } from 'vitest'
import { http } from '@/shared/api/http'
import type { ExportJob } from '@/shared/api/types'
import { saveFile } from '@/shared/browser/saveFile'
import { exportsApi } from './api'

vi.mock('@/shared/browser/saveFile', () => ({ saveFile: vi.fn() }))

describe('the name of a saved export', () => {
  it.each([
    ['bookings', 'text/csv', 'parkwell-bookings-2026-03-02.csv'],
    ['lot_bookings', 'text/csv', 'parkwell-lot-bookings-2026-03-02.csv'],
    ['all_data', 'application/zip', 'parkwell-all-data-2026-03-02.zip'],
  ] as const)('says what it is and of which day: %s', async (kind, type, name) => {
    vi.spyOn(http, 'blob').mockResolvedValue(new Blob([''], { type }))
    await exportsApi.save({ id: 4, kind, created_at: '2026-03-02T12:00:00Z' } as ExportJob)
    expect(vi.mocked(saveFile).mock.lastCall![1]).toBe(name)
  })
})
