import { PurgeCSS } from 'purgecss'
import type { Plugin } from 'vite'

/** In a build, drops every rule of Bootstrap's shipped style sheet that no source file names. */
export function purgeBootstrap(): Plugin {
  return {
    name: 'purge-bootstrap',
    apply: 'build',
    enforce: 'pre',
    async transform(code, id) {
      if (!/bootstrap[^/]*\.css/.test(id)) return null
      const [result] = await new PurgeCSS().purge({
        content: ['index.html', 'src/**/*.vue', 'src/**/*.ts'],
        css: [{ raw: code }],
        variables: false,
        safelist: { greedy: [/data-bs-theme/] },
      })
      return { code: result?.css ?? code, map: null }
    },
  }
}
