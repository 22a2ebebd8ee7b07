/**
 * The account this browser is signed in with, told between its tabs. One browser holds one refresh
 * cookie, so a tab that shows another account than this must let go of it. The id is no secret.
 */
const STORE = 'pw-account'
const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(STORE) : null

/** The id of the account, as the tab that signed in last noted it; null when nobody did. */
export const browserAccount = (): number | null => Number(localStorage.getItem(STORE)) || null

/** Tells the other tabs who is signed in now; null: nobody is. */
export function tellAccount(id: number | null): void {
  if (id === null) localStorage.removeItem(STORE)
  else localStorage.setItem(STORE, String(id))
  channel?.postMessage(id)
}

/**
 * Calls back with the account of the browser whenever another tab may have changed it: by message,
 * by storage (where there are no channels), and when a tab that slept is looked at again.
 */
export function onAccount(heard: (id: number | null) => void): void {
  channel?.addEventListener('message', (event: MessageEvent<number | null>) => heard(event.data))
  window.addEventListener('storage', ({ key }) => key === STORE && heard(browserAccount()))
  const look = () => {
    const id = browserAccount()
    if (id && document.visibilityState === 'visible') heard(id)
  }
  document.addEventListener('visibilitychange', look)
  window.addEventListener('pageshow', look)
}
