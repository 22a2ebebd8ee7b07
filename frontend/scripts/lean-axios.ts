import type { Plugin } from 'vite'

/** The parts that are left out, with what stands in their place. */
const LEFT_OUT = new Map([
  ['./fetch.js', 'export const getFetch = () => undefined'],
  ['./helpers/HttpStatusCode.js', 'export default {}'],
])
const PREFIX = '\0axios-without-'

/**
 * Leaves parts of Axios out of a build: the fetch adapter, which a browser never reaches, since the
 * XHR adapter stands before it in the list and is always there; and the table of status codes,
 * which Axios only hands on and the page does not use.
 */
export function leanAxios(): Plugin {
  return {
    name: 'lean-axios',
    apply: 'build',
    enforce: 'pre',
    resolveId(source, importer) {
      return LEFT_OUT.has(source) && importer?.includes('/axios/lib/') ? PREFIX + source : null
    },
    load: (id) => (id.startsWith(PREFIX) ? LEFT_OUT.get(id.slice(PREFIX.length)) : null),
  }
}
