import { mount } from '@vue/test-utils'
import { afterEach, expect, it } from 'vitest'
import { i18n, setLocale } from '@/shared/format/i18n'
import { streamState, updatedAt, type StreamState } from '@/shared/realtime/streamState'
import LiveBadge from './LiveBadge.vue'

const HEARD = new Date('2026-11-30T12:00:00Z')

async function badge(state: StreamState, at: Date | null) {
  await setLocale('en')
  streamState.value = state
  updatedAt.value = at
  return mount(LiveBadge, { global: { plugins: [i18n] } })
}

afterEach(() => {
  streamState.value = 'off'
  updatedAt.value = null
})

it.each(['off', 'connecting', 'polling'] as const)(
  'keeps its line and says nothing before the server has said anything (%s)',
  async (state) => {
    const line = await badge(state, null)
    expect(line.classes()).toContain('invisible')
  },
)

it('says Live on an open stream alone', async () => {
  const live = await badge('live', HEARD)
  expect(live.text()).toBe('Live')
  expect(live.classes()).not.toContain('invisible')
  const lost = await badge('connecting', HEARD)
  expect(lost.text()).toMatch(/^Updated /)
  expect(lost.classes()).not.toContain('invisible')
})
