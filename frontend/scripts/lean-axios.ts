import type { Plugin } from 'vite'

const EMPTY = '\0no-fetch-adapter'

/**
 * Leaves Axios's fetch adapter out of a build. In a browser it is never reached: the XHR adapter
 * stands before it in the list and is always there.
 */
export function leanAxios(): Plugin {
  return {
    name: 'lean-axios',
    apply: 'build',
    enforce: 'pre',
    resolveId(source, importer) {
      const isAdapter = source === './fetch.js' && importer?.includes('/axios/lib/adapters/')
      return isAdapter ? EMPTY : null
    },
    load: (id) => (id === EMPTY ? 'export const getFetch = () => undefined' : null),
  }
}
