import { fileURLToPath, URL } from 'node:url'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { compress } from './scripts/compress.ts'
import { firstPaint } from './scripts/first-paint.ts'
import { leanAxios } from './scripts/lean-axios.ts'
import { purgeBootstrap } from './scripts/purge-bootstrap.ts'

const api = process.env.API_ORIGIN ?? 'http://127.0.0.1:5000'

/** What neither the start page nor home needs. */
const LATER =
  /src\/(shared\/(form|list)|features\/(accounts\/(components|factor|forms)|bookings\/(window|reminder|series|alternatives)|\w+\/(admin|history)|audit|exports|help|mail|notices|reports|staff|statistics|system|visitors|waitlist))\/|src\/(features\/(lots\/(components\/Spot|spotMap|useSpotName)|bookings\/(release\/pendingRelease|parked\/(secondStay|components\/(ParkedAlready|OwnWaitlist))|useRunningStays))|shared\/(dialog\/(App|Confirm|Form)Dialog|ui\/OccupancyBar|format\/occupancy|browser\/(saveFile|linkToken)|api\/useIdempotencyKey))/

/** Icons of pages and dialogs that several share, but neither the start page nor home. */
const LATER_ICONS =
  /@lucide\/.*\/icons\/(accessibility|arrow-(down|up|down-up)|book-open|car|chart-column|chevron-(down|right)|clock|download|eye|eye-off|key-round|keyboard|locate-fixed|log-out|mail-check|star|trash|umbrella|user-plus|zap|zoom-(in|out))\./

export default defineConfig({
  plugins: [
    vue(),
    // Messages are compiled at build time: the page's content policy allows no eval,
    // and the message compiler need not be sent.
    vueI18n({
      include: [fileURLToPath(new URL('./src/**/locales/*.json', import.meta.url))],
      module: 'petite-vue-i18n',
      compositionOnly: true,
      fullInstall: false,
      dropMessageCompiler: true,
    }),
    firstPaint(),
    purgeBootstrap(),
    leanAxios(),
    compress(),
  ],
  // Parts of the libraries that a finished page never uses.
  define: {
    __INTLIFY_PROD_DEVTOOLS__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: true,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: false,
  },
  resolve: {
    alias: [
      { find: '@', replacement: fileURLToPath(new URL('./src', import.meta.url)) },
      // package.json installs the small build of vue-i18n under that name.
      { find: /^vue-i18n$/, replacement: 'vue-i18n/dist/petite-vue-i18n.runtime.mjs' },
    ],
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: { '/api': api, '/auth': api },
  },
  build: {
    target: 'es2022',
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // Few files for the first load: what every page needs travels together.
        codeSplitting: {
          groups: [
            {
              name: 'vendor',
              // Lists that come in pages are not needed at first.
              test: /node_modules\/(@?vue(?!-chartjs)|@tanstack(?!.*\/(useInfiniteQuery|infiniteQueryObserver)\.)|axios|@intlify)/,
              priority: 2,
            },
            {
              name: 'common',
              test: (id) =>
                /src\/(shared|app|features)|@lucide/.test(id) &&
                !LATER.test(id) &&
                !LATER_ICONS.test(id),
              minShareCount: 3,
              priority: 1,
            },
            { name: 'icons', test: LATER_ICONS, minShareCount: 2, priority: 0 },
          ],
        },
      },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.spec.ts'],
    setupFiles: ['src/test-setup.ts'],
    restoreMocks: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
