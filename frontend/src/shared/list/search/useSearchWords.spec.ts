import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRouter, createWebHistory } from 'vue-router'
import { searched, searchFor, searchWords } from './useSearchWords'
import { useUrlFilters } from '../useUrlFilters'

const List = {
  setup: () => useUrlFilters(['q', 'role']),
  template: '<p>{{ filters.q }}|{{ filters.role }}</p>',
}
const Other = { template: '<p>other</p>' }

/** The page as it is opened at this address, on the browser's own history. */
async function open(address: string) {
  window.history.pushState(null, '', address)
  return load()
}
async function load() {
  const routes = [
    { path: '/users', component: List },
    { path: '/lots', component: Other },
  ]
  const router = createRouter({ history: createWebHistory(), routes })
  const app = mount(
    { template: '<RouterView />' },
    {
      global: { plugins: [router] },
    },
  )
  await router.isReady()
  await flushPromises()
  const text = () => app.get('p').text()
  const set = async (change: Record<string, string>) => {
    app.findComponent(List).vm.set(change)
    await flushPromises()
  }
  const back = async () => {
    await new Promise<void>((done) => {
      router.afterEach(() => done())
      router.back()
    })
    await flushPromises()
  }
  return { app, router, text, set, back }
}
const address = () => location.pathname + location.search

describe('the words of a search', () => {
  let app: { unmount: () => void }
  beforeEach(() => window.history.replaceState(null, '', '/'))
  afterEach(() => app.unmount())

  it('stand in no address, and beside the other filters', async () => {
    const page = await open('/users')
    app = page.app
    await page.set({ q: 'anna@example.com' })
    expect([page.text(), address()]).toEqual(['anna@example.com|', '/users'])
    await page.set({ role: 'admin' })
    expect([page.text(), address()]).toEqual(['anna@example.com|admin', '/users?role=admin'])
    await page.set({ q: '' })
    expect([page.text(), address()]).toEqual(['|admin', '/users?role=admin'])
  })

  it('outlive a reload', async () => {
    const page = await open('/users')
    await page.set({ q: 'B-AB 123' })
    page.app.unmount()
    const again = await load()
    app = again.app
    expect([again.text(), address()]).toEqual(['B-AB 123|', '/users'])
  })

  it('come back with the entry of the history that they belong to', async () => {
    const page = await open('/users')
    app = page.app
    await page.set({ q: 'anna' })
    await page.router.push({ path: '/users', ...searchFor('bob') })
    await flushPromises()
    expect(page.text()).toBe('bob|')
    await page.router.push('/lots')
    await flushPromises()
    expect([page.text(), searchWords()]).toEqual(['other', ''])
    await page.back()
    expect(page.text()).toBe('bob|')
    await page.back()
    expect([page.text(), address()]).toEqual(['anna|', '/users'])
  })

  it('of an old address are taken over, and leave it', async () => {
    const page = await open('/users?q=anna%40example.com&role=user')
    app = page.app
    expect([page.text(), address()]).toEqual(['anna@example.com|user', '/users?role=user'])
  })

  it('are sent in a header', () => {
    expect(searched({ q: 'Müller + 1', limit: 50 })).toEqual({
      params: { limit: 50 },
      headers: { 'X-Search': 'M%C3%BCller%20%2B%201' },
    })
    expect(searched({ limit: 50 })).toEqual({ params: { limit: 50 }, headers: {} })
  })
})
