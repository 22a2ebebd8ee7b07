import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import 'bootstrap/dist/css/bootstrap.css'
import '@/app/styles/index.css'
import App from '@/app/App.vue'
import { router } from '@/app/router'
import { useSession } from '@/features/accounts/session'
import { i18n, preferredLocale, setLocale } from '@/shared/format/i18n'
import { catchLinkToken } from '@/shared/browser/linkToken'
import { keepPageOffline } from '@/shared/browser/offlinePage'
import { followSystemTheme } from '@/shared/browser/preferences'
import { queryClient } from '@/shared/api/query'

catchLinkToken()
followSystemTheme()

const app = createApp(App)
app.use(i18n)
app.use(VueQueryPlugin, { queryClient })

// The code of the page at this address travels beside the texts and the session, not after them.
if (location.pathname === '/') void import('@/pages/StartPage.vue').catch(() => undefined)
if (location.pathname.startsWith('/admin')) void import('@/app/adminPages').catch(() => undefined)
// The session decides which page is shown, so it comes before the router.
await Promise.all([setLocale(preferredLocale()), useSession().resume()])
app.use(router)
app.mount('#app')
void keepPageOffline().catch(() => undefined)
