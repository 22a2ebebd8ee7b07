import { nextTick } from 'vue'
import { expect, it, vi } from 'vitest'

it('knows the name of the site from the last visit', async () => {
  const first = await import('./useTitle')
  expect(first.siteName.value).toBe('')
  first.siteName.value = 'Parkhaus Süd'
  await nextTick()
  vi.resetModules()
  const again = await import('./useTitle')
  expect(again.siteName.value).toBe('Parkhaus Süd')
})
