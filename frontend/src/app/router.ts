import { nextTick } from 'vue'
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { useSession } from '@/features/accounts/session'
import { useCatalogue } from '@/shared/format/i18n'
import { catchLinkToken } from '@/shared/browser/linkToken'

declare module 'vue-router' {
  interface RouteMeta {
    /** Who may see it; without it, everybody. */
    for?: 'signed-in' | 'admin' | 'guest'
    /** Plain pages without navigation around them (receipts to print). */
    bare?: boolean
  }
}

const driver: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: () => import('@/pages/StartPage.vue') },
  {
    path: '/login',
    name: 'login',
    component: () => import('@/pages/auth/LoginPage.vue'),
    meta: { for: 'guest' },
  },
  {
    path: '/register',
    name: 'register',
    component: () => import('@/pages/auth/RegisterPage.vue'),
    meta: { for: 'guest' },
  },
  {
    path: '/forgot-password',
    name: 'forgot-password',
    component: () => import('@/pages/auth/ForgotPasswordPage.vue'),
  },
  {
    path: '/reset-password',
    name: 'reset-password',
    component: () => import('@/pages/auth/ResetPasswordPage.vue'),
  },
  { path: '/setup', name: 'setup', component: () => import('@/pages/auth/SetupPage.vue') },
  {
    path: '/confirm-email',
    name: 'confirm-email',
    component: () => import('@/pages/auth/ConfirmEmailPage.vue'),
  },
  {
    path: '/lots/:id(\\d+)',
    name: 'lot',
    component: () => import('@/pages/driver/LotPage.vue'),
    meta: { for: 'signed-in' },
    props: true,
  },
  {
    path: '/bookings',
    name: 'bookings',
    component: () => import('@/pages/driver/HistoryPage.vue'),
    meta: { for: 'signed-in' },
  },
  {
    path: '/bookings/:id(\\d+)',
    name: 'booking',
    component: () => import('@/pages/driver/BookingPage.vue'),
    meta: { for: 'signed-in' },
    props: true,
  },
  {
    path: '/bookings/:id(\\d+)/receipt',
    name: 'receipt',
    component: () => import('@/pages/driver/ReceiptPage.vue'),
    meta: { for: 'signed-in' },
    props: true,
  },
  {
    path: '/profile',
    name: 'profile',
    component: () => import('@/pages/driver/ProfilePage.vue'),
    meta: { for: 'signed-in' },
  },
]

const admin: RouteRecordRaw[] = [
  { path: '', name: 'admin', component: () => import('@/pages/admin/OverviewPage.vue') },
  { path: 'lots', name: 'admin-lots', component: () => import('@/pages/admin/LotsPage.vue') },
  {
    path: 'lots/:id(\\d+)',
    name: 'admin-lot',
    component: () => import('@/pages/admin/LotPage.vue'),
    props: true,
  },
  {
    path: 'bookings',
    name: 'admin-bookings',
    component: () => import('@/pages/admin/BookingsPage.vue'),
  },
  { path: 'users', name: 'admin-users', component: () => import('@/pages/admin/UsersPage.vue') },
  {
    path: 'users/:id(\\d+)',
    name: 'admin-user',
    component: () => import('@/pages/admin/UserPage.vue'),
    props: true,
  },
  {
    path: 'analytics',
    name: 'admin-analytics',
    component: () => import('@/pages/admin/AnalyticsPage.vue'),
  },
  { path: 'mail', name: 'admin-mail', component: () => import('@/pages/admin/MailPage.vue') },
  {
    path: 'exports',
    name: 'admin-exports',
    component: () => import('@/pages/admin/ExportsPage.vue'),
  },
  { path: 'audit', name: 'admin-audit', component: () => import('@/pages/admin/AuditPage.vue') },
]

// Before the router has read the address.
catchLinkToken()

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    ...driver,
    {
      path: '/admin',
      component: () => import('@/app/layouts/AdminLayout.vue'),
      meta: { for: 'admin' },
      children: admin,
    },
    { path: '/:rest(.*)*', name: 'not-found', component: () => import('@/pages/NotFoundPage.vue') },
  ],
  scrollBehavior: (to, from, saved) => {
    if (saved) return saved
    return to.path === from.path ? undefined : { top: 0 }
  },
})

/** Pages that need nothing but the texts of the first load. */
const BASIC = new Set(['home', 'lot', 'booking', 'not-found'])
/** Pages at the desk about people, mail and the log; their texts come with them. */
const DESK = new Set(['admin-users', 'admin-user', 'admin-mail', 'admin-exports', 'admin-audit'])

router.beforeEach(async (to) => {
  const session = useSession()
  const wants = to.meta.for
  if (wants === 'guest' && session.signedIn) return { name: 'home' }
  if (wants && !session.signedIn && session.unreached) return { name: 'home' }
  if ((wants === 'signed-in' || wants === 'admin') && !session.signedIn)
    return { name: 'login', query: { next: to.fullPath } }
  if (wants === 'admin' && !session.isAdmin)
    return { name: 'not-found', params: { rest: ['forbidden'] }, query: { was: to.fullPath } }
  // An administrator who parks nowhere starts at the desk.
  if (to.name === 'home' && session.isAdmin && !session.isDriver) return { name: 'admin' }
  if (wants === 'admin') await useCatalogue('admin')
  if (DESK.has(String(to.name))) await useCatalogue('desk')
  if (!BASIC.has(String(to.name))) await useCatalogue('more')
  return true
})

// A reader who hears the page is taken to the new page's heading; not on the first load, where
// the browser itself reads from the top.
router.afterEach(async (to, from) => {
  if (from.matched.length === 0 || to.path === from.path) return
  await nextTick()
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
})
