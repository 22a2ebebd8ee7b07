import type { Plugin } from 'vite'

const REFUSE = "{ throw new Error('Left out of Axios by scripts/lean-axios.ts') }"

/** The parts that are left out, as Axios names them, with what stands in their place. */
const LEFT_OUT = new Map([
  ['./fetch.js', 'export const getFetch = () => undefined'],
  ['./helpers/HttpStatusCode.js', 'export default {}'],
  ['./cancel/CancelToken.js', 'export default {}'],
  ['./helpers/formDataToJSON.js', `export default () => ${REFUSE}`],
  ['../helpers/formDataToJSON.js', `export default () => ${REFUSE}`],
  ['../helpers/toURLEncodedForm.js', `export default () => ${REFUSE}`],
  ['../helpers/progressEventReducer.js', `export const progressEventReducer = () => ${REFUSE}`],
])
const PREFIX = '\0axios-without-'

/**
 * Leaves parts of Axios out of a build: the fetch adapter, which a browser never reaches, since the
 * XHR adapter stands before it in the list and is always there; and what the page does not use: the
 * table of status codes, cancel tokens (it has abort signals), forms as bodies, progress of transfers.
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
