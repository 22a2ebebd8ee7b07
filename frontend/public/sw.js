// Keeps the page's own files, so that it opens without a network. Never an answer of the API:
// what belongs to a person is not kept here.
const KEPT = 'pw-page'
const MOST_FILES = 150
const SERVERS_OWN = /^\/(api|auth|docs|metrics|healthz|readyz|unsubscribe)(\/|$)/
const NAMED = /(?:src|href)="(\/[^"]+)"/g

addEventListener('install', (event) => {
  skipWaiting()
  event.waitUntil(fetch('/').then(keepPage))
})
addEventListener('activate', (event) => event.waitUntil(clients.claim()))

// The files that the page had loaded before this was there.
addEventListener('message', (event) => {
  const urls = event.data.filter((url) => new URL(url).pathname.startsWith('/assets/'))
  event.waitUntil(keepFiles(urls))
})

addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== location.origin || SERVERS_OWN.test(pathname)) return
  if (request.mode === 'navigate') event.respondWith(page(event))
  else if (pathname.startsWith('/assets/')) event.respondWith(file(request))
  else event.respondWith(fetch(request).catch(() => kept(request)))
})

// A notification names the page that it is about.
addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(show(event.notification.data))
})

async function show(path) {
  const [tab] = await clients.matchAll({ type: 'window' })
  if (!tab) return clients.openWindow(path)
  await tab.focus()
  return tab.navigate(path)
}

/** The page as it is now; as it was, when there is no network. */
async function page(event) {
  try {
    const answer = await fetch(event.request)
    if (answer.ok) event.waitUntil(keepPage(answer.clone()))
    return answer
  } catch {
    return kept('/')
  }
}

/** A file of a build: its name changes with its content, so a kept one is right. */
async function file(request) {
  const cache = await caches.open(KEPT)
  const known = await cache.match(request)
  if (known) return known
  const answer = await fetch(request)
  if (answer.ok) await cache.put(request, answer.clone())
  return answer
}

async function kept(request) {
  return (await caches.match(request, { cacheName: KEPT })) ?? Response.error()
}

/** Keeps the page and the files it names, when it is another than the one kept. */
async function keepPage(answer) {
  const text = await answer.text()
  const cache = await caches.open(KEPT)
  const before = await cache.match('/')
  if (!text.includes('id="app"') || (before && (await before.text()) === text)) return
  const old = await cache.keys()
  await Promise.all(
    old.slice(0, Math.max(0, old.length - MOST_FILES)).map((one) => cache.delete(one)),
  )
  await keepFiles([...text.matchAll(NAMED)].map((match) => match[1]))
  await cache.put('/', new Response(text, { headers: answer.headers }))
}

async function keepFiles(urls) {
  const cache = await caches.open(KEPT)
  const missing = await Promise.all(
    urls.map(async (url) => ((await cache.match(url)) ? null : url)),
  )
  await cache.addAll(missing.filter(Boolean))
}
