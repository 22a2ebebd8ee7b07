import { readdirSync } from 'node:fs'
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
const LAYERS = ['shared', 'features', 'pages', 'app']
/**
 * The features likewise: the order of the backend's packages, then the help that uses none. Only the
 * waitlist is below bookings here: booking leads to it where a lot is full.
 */
const FEATURES = [
  'accounts',
  'lots',
  'staff',
  'notices',
  'waitlist',
  'bookings',
  'visitors',
  'search',
  'statistics',
  'mail',
  'reports',
  'exports',
  'audit',
  'system',
  'help',
]

const upwards = (order, folder) =>
  order.slice(0, -1).map((name, at) =>
    wall(
      folder + name,
      order.slice(at + 1).map((one) => folder + one),
      `${name} is below: ${order.join(' → ')}.`,
    ),
  )
const walls = [...upwards(LAYERS, ''), ...upwards(FEATURES, 'features/')]

// A folder that is missing in the order would have no law.
const missing = readdirSync(new URL('./src/features', import.meta.url)).filter(
  (name) => !FEATURES.includes(name),
)
if (missing.length) throw new Error(`eslint.config.js: no place in the order for ${missing}`)

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
