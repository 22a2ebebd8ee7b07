/** By then the page has fetched what it fetches by itself. */
const AT_REST_MS = 3000

/** Lets the page open without a network (public/sw.js). Not in development: its files change. */
export async function keepPageOffline(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  await navigator.serviceWorker.register('/sw.js')
  const { active } = await navigator.serviceWorker.ready
  const loaded = () => performance.getEntriesByType('resource').map(({ name }) => name)
  setTimeout(() => active?.postMessage(loaded()), AT_REST_MS)
}
