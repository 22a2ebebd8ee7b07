import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createRouter, createMemoryHistory } from 'vue-router'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { searchApi, type SearchAnswer } from './api'
import SearchDialog from './components/SearchDialog.vue'
import { resultsOf } from './results'

const booking = {
  id: 9,
  reference: 'H7K2-M4QX',
  status: 'Active',
  vehicle_plate: 'B-AB 123',
  lot_id: 3,
  lot_name: 'Harbour',
  lot_timezone: 'UTC',
  spot_number: 7,
  start_time: '2026-03-02T09:00:00Z',
  user_id: 4,
  username: 'Anna',
  visitor_name: null,
} as const
const NOTHING: SearchAnswer = { lots: [], spots: [], plates: [], users: [], bookings: [] }
const FULL: SearchAnswer = {
  ...NOTHING,
  lots: [{ id: 3, name: 'Harbour', address: 'Quay 9' }],
  users: [{ id: 4, username: 'Anna', email: 'anna@example.com', active: false }],
}

async function dialog() {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'home', component: { template: '<p />' } },
      { path: '/admin/lots/:id', name: 'admin-lot', component: { template: '<p />' } },
      { path: '/admin/users/:id', name: 'admin-user', component: { template: '<p />' } },
    ],
  })
  await router.push('/')
  const wrapper = mount(SearchDialog, {
    props: { open: true },
    global: {
      plugins: [i18n, router, [VueQueryPlugin, { queryClient: new QueryClient() }]],
      stubs: { AppDialog: { template: '<div><slot /></div>' } },
    },
  })
  const field = wrapper.get('input')
  const type = async (text: string) => {
    await field.setValue(text)
    vi.advanceTimersByTime(200)
    await flushPromises()
  }
  return { wrapper, field, type, router }
}

beforeEach(async () => {
  await useTexts('features/search')
  await setLocale('en')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('leads from each kind of result to its page', () => {
  const past = { ...booking, status: 'Completed' } as const
  const answer: SearchAnswer = {
    ...FULL,
    spots: [{ id: 1, spot_number: 7, level: null, lot_id: 3, lot_name: 'Harbour' }],
    plates: [booking, past],
    bookings: [booking],
  }
  const places = Object.fromEntries(
    resultsOf(answer).map(({ group, results }) => [group, results.map(({ to }) => to)]),
  )
  const spot = { name: 'admin-lot', params: { id: 3 }, query: { spot: 7 } }
  expect(places).toEqual({
    lots: [{ name: 'admin-lot', params: { id: 3 } }],
    spots: [spot],
    plates: [spot, { name: 'admin-bookings', state: { q: 'B-AB 123' }, force: true }],
    users: [{ name: 'admin-user', params: { id: 4 } }],
    bookings: [{ name: 'admin-bookings', state: { q: 'H7K2-M4QX' }, force: true }],
  })
  expect(resultsOf(NOTHING)).toEqual([])
})

it('moves the choice with the arrow keys, round at both ends, and opens it with Enter', async () => {
  vi.spyOn(searchApi, 'find').mockResolvedValue(FULL)
  const { wrapper, field, type, router } = await dialog()
  expect(field.attributes('aria-expanded')).toBe('false')
  await type('har')
  const active = () => wrapper.get('[aria-selected="true"]')
  expect(field.attributes('aria-expanded')).toBe('true')
  expect(active().text()).toContain('Harbour')
  expect(field.attributes('aria-activedescendant')).toBe(active().attributes('id'))
  await field.trigger('keydown', { key: 'ArrowUp' })
  expect(active().text()).toContain('anna@example.com · disabled')
  await field.trigger('keydown', { key: 'ArrowDown' })
  expect(active().text()).toContain('Harbour')
  await field.trigger('keydown', { key: 'ArrowDown' })
  await field.trigger('keydown', { key: 'Enter' })
  await flushPromises()
  expect(router.currentRoute.value.fullPath).toBe('/admin/users/4')
  expect(wrapper.emitted('update:open')).toEqual([[false]])
})

it('opens on Enter what was typed, not what was found before it', async () => {
  const find = vi.spyOn(searchApi, 'find').mockResolvedValue(FULL)
  const { field, type, router } = await dialog()
  await type('har')
  find.mockResolvedValue({ ...NOTHING, users: FULL.users })
  await field.setValue('anna')
  await field.trigger('keydown', { key: 'Enter' })
  expect(router.currentRoute.value.fullPath).toBe('/')
  vi.advanceTimersByTime(200)
  await flushPromises()
  expect(router.currentRoute.value.fullPath).toBe('/admin/users/4')
})

it('says how much was found, and that nothing was', async () => {
  const find = vi.spyOn(searchApi, 'find').mockResolvedValue(FULL)
  const { wrapper, field, type } = await dialog()
  await type('har')
  expect(wrapper.get('[role="status"]').text()).toBe('2 results')
  find.mockResolvedValue(NOTHING)
  await type('zzz')
  expect(wrapper.text()).toContain('Nothing matches “zzz”')
  expect(wrapper.get('[role="status"]').text()).toBe('nothing found')
  await field.trigger('keydown', { key: 'Enter' })
  await type('')
  expect(wrapper.findAll('[role="option"]')).toHaveLength(0)
  expect(find).toHaveBeenCalledTimes(2)
})

it('waits for the answer of what is typed even when an older one comes first', async () => {
  const find = vi.spyOn(searchApi, 'find').mockResolvedValue(FULL)
  const { field, type, router } = await dialog()
  await type('har')
  let come!: (answer: SearchAnswer) => void
  find.mockReturnValue(new Promise((resolve) => (come = resolve)))
  await field.setValue('anna')
  await field.trigger('keydown', { key: 'Enter' })
  vi.advanceTimersByTime(200)
  await flushPromises()
  expect(router.currentRoute.value.fullPath).toBe('/')
  come({ ...NOTHING, users: FULL.users })
  await flushPromises()
  expect(router.currentRoute.value.fullPath).toBe('/admin/users/4')
})
