/**
 * The secret of a mailed link (`#token=…`; older mails: `?token=…`). It leaves the address before
 * anything else happens, so that neither the history nor a Referer carries it, and waits in the
 * storage of this tab alone until the link was used: reloading the page does not lose it.
 */
const PAGES = ['/reset-password', '/confirm-email', '/setup', '/visit']
const store = (path: string) => `pw-link:${path.replace(/\/+$/, '')}`

/** Takes the token out of the address; whether there was one. */
export function catchLinkToken(): boolean {
  const url = new URL(location.href)
  const fragment = new URLSearchParams(url.hash.slice(1))
  const token = fragment.get('token') ?? url.searchParams.get('token')
  if (token === null) return false
  if (token && PAGES.some((page) => store(url.pathname) === store(page)))
    sessionStorage.setItem(store(url.pathname), token)
  url.searchParams.delete('token')
  if (fragment.has('token')) {
    fragment.delete('token')
    url.hash = String(fragment)
  }
  history.replaceState(history.state, '', url)
  return true
}

/** The token of this page's link; empty when there is none, or it was used. */
export const linkToken = (): string => sessionStorage.getItem(store(location.pathname)) ?? ''

/** The link was used, or does not work: it is kept no longer. */
export function dropLinkToken(): void {
  sessionStorage.removeItem(store(location.pathname))
}
