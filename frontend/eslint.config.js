import prettier from 'eslint-config-prettier'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import importX from 'eslint-plugin-import-x'
import vue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'
import globals from 'globals'
import ts from 'typescript-eslint'

/** `target` may not import from any of `from`. */
const wall = (target, from, message) => ({
  target: `./src/${target}`,
  from: from.map((f) => `./src/${f}`),
  message,
})

/** From the lowest upwards; each may use those before it. */
const DOMAINS = ['lots', 'bookings', 'statistics', 'exports'].map((name) => `features/${name}`)

// The page's arrows: shared -> features -> pages -> app; among features the backend's order.
const walls = [
  wall('shared', ['features', 'pages', 'app'], 'shared/ knows neither features nor pages.'),
  wall('features', ['pages', 'app'], 'A feature knows no page.'),
  wall('pages', ['app'], 'A page knows nothing of the application shell.'),
  wall('features/lots', DOMAINS.slice(1), 'Features depend downwards only.'),
  wall('features/bookings', DOMAINS.slice(2), 'Features depend downwards only.'),
  wall('features/accounts', DOMAINS, 'Features depend downwards only.'),
]

export default ts.config(
  { ignores: ['dist/', 'test-results/', 'playwright-report/', 'src/shared/api/api-types.ts'] },
  ...ts.configs.recommended,
  ...vue.configs['flat/recommended'],
  ...a11y.configs['flat/recommended'],
  {
    files: ['**/*.{js,mjs,ts,vue}'],
    plugins: { 'import-x': importX },
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { parser: ts.parser },
    },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: walls }],
      'no-console': 'off',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/multi-word-component-names': 'off', // pages and features are named after their noun
      // A label that wraps or names its control by id is enough; both at once is noise.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      // Controls get their label's id through FormField's slot, which the rule cannot see; axe checks it in the browser.
      'vuejs-accessibility/form-control-has-label': 'off',
    },
  },
  { files: ['src/**/*.{ts,vue}'], rules: { 'no-console': ['error', { allow: ['error'] }] } },
  prettier,
)
