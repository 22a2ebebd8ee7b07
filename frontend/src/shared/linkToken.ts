import type { RouteLocationNormalized } from 'vue-router'

/**
 * The secret of a link that was mailed or printed. It stands in the fragment (`#token=…`), which no
 * server and no proxy sees; in links from before that in the query.
 */
export function linkToken(route: Pick<RouteLocationNormalized, 'hash' | 'query'>): string {
  const secret = new URLSearchParams(route.hash.slice(1)).get('token') ?? route.query.token
  return typeof secret === 'string' ? secret : ''
}
