import type { Component } from 'vue'
import {
  createRouter,
  createWebHistory,
  type RouteLocationNormalized,
  type RouteRecordRaw,
} from 'vue-router'
import { useSession } from '@/features/accounts/session'
import { useTexts } from '@/shared/format/i18n'
import { dropStaleToast } from '@/shared/ui/toasts'
import { catchLinkToken } from '@/shared/browser/linkToken'
import type * as AdminPages from './adminPages'

declare module 'vue-router' {
  interface RouteMeta {
    /** Who may see it; without it, everybody. */
    for?: 'signed-in' | 'admin' | 'staff' | 'guest'
    /** Plain pages without navigation around them (receipts to print). */
    bare?: boolean
    /** Folders of src whose texts the page needs beside those of the first load. */
    texts?: string[]
  }
}

/** Where the pages of administration are is no part of the first load: few open one. */
const admin = (page: keyof typeof AdminPages) => () =>
  import('./adminPages').then<{ default: Component }>((pages) => pages[page]())

const ACCOUNTS = ['features/accounts']

const driver: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: () => import('@/pages/StartPage.vue') },
  {
    path: '/login',
    name: 'login',
    component: () => import('@/pages/auth/LoginPage.vue'),
    meta: { for: 'guest', texts: ACCOUNTS },
  },
  {
    path: '/register',
    name: 'register',
    component: () => import('@/pages/auth/RegisterPage.vue'),
    meta: { for: 'guest', texts: ACCOUNTS },
  },
  {
    path: '/forgot-password',
    name: 'forgot-password',
    component: () => import('@/pages/auth/ForgotPasswordPage.vue'),
    meta: { texts: ACCOUNTS },
  },
  {
    path: '/reset-password',
    name: 'reset-password',
    component: () => import('@/pages/auth/ResetPasswordPage.vue'),
    meta: { texts: ACCOUNTS },
  },
  {
    path: '/setup',
    name: 'setup',
    component: () => import('@/pages/auth/SetupPage.vue'),
    meta: { texts: ACCOUNTS },
  },
  {
    path: '/confirm-email',
    name: 'confirm-email',
    component: () => import('@/pages/auth/ConfirmEmailPage.vue'),
    meta: { texts: ACCOUNTS },
  },
  {
    path: '/visit',
    name: 'visit',
    component: () => import('@/pages/VisitPage.vue'),
    meta: { texts: ['features/visitors'] },
  },
  {
    path: '/glossary',
    name: 'glossary',
    component: () => import('@/pages/GlossaryPage.vue'),
    meta: { texts: ['features/help'] },
  },
  {
    path: '/lots/:id(\\d+)',
    name: 'lot',
    component: () => import('@/pages/LotPage.vue'),
    meta: {
      texts: [
        'features/bookings/history',
        'features/bookings/window',
        'features/lots/public',
        'features/waitlist',
      ],
    },
    props: true,
  },
  {
    path: '/bookings',
    name: 'bookings',
    component: () => import('@/pages/driver/HistoryPage.vue'),
    meta: {
      for: 'signed-in',
      texts: [
        'features/bookings/history',
        'features/bookings/series',
        'features/exports',
        'features/statistics',
      ],
    },
  },
  {
    path: '/bookings/:id(\\d+)',
    name: 'booking',
    component: () => import('@/pages/driver/BookingPage.vue'),
    meta: { for: 'signed-in', texts: ['features/bookings/history'] },
    props: true,
  },
  {
    path: '/bookings/:id(\\d+)/receipt',
    name: 'receipt',
    component: () => import('@/pages/driver/ReceiptPage.vue'),
    meta: { for: 'signed-in', texts: ['features/bookings/history'] },
    props: true,
  },
  {
    path: '/waitlist/:id(\\d+)',
    name: 'waitlist',
    component: () => import('@/pages/driver/WaitlistPage.vue'),
    meta: { for: 'signed-in', texts: ['features/waitlist'] },
    props: true,
  },
  {
    path: '/series/:id(\\d+)',
    name: 'series',
    component: () => import('@/pages/driver/SeriesPage.vue'),
    meta: { for: 'signed-in', texts: ['features/bookings/history', 'features/bookings/series'] },
    props: true,
  },
  {
    path: '/profile',
    name: 'profile',
    component: () => import('@/pages/driver/ProfilePage.vue'),
    meta: { for: 'signed-in', texts: ['features/accounts', 'features/exports'] },
  },
]

const adminRoutes: RouteRecordRaw[] = [
  {
    path: '',
    name: 'admin',
    component: admin('overview'),
    meta: { texts: ['features/statistics/admin'] },
  },
  {
    path: 'lots',
    name: 'admin-lots',
    component: admin('lots'),
    meta: { texts: ['features/lots/admin', 'features/exports'] },
  },
  {
    path: 'lots/:id(\\d+)',
    name: 'admin-lot',
    component: admin('lot'),
    meta: {
      texts: ['features/lots/admin', 'features/bookings/admin', 'features/bookings/history'],
    },
    props: true,
  },
  {
    path: 'bookings',
    name: 'admin-bookings',
    component: admin('bookings'),
    meta: { texts: ['features/bookings/admin', 'features/bookings/history', 'features/exports'] },
  },
  {
    path: 'users',
    name: 'admin-users',
    component: admin('users'),
    meta: { for: 'admin', texts: ['features/accounts/admin', 'features/exports'] },
  },
  {
    path: 'users/:id(\\d+)',
    name: 'admin-user',
    component: admin('user'),
    meta: { for: 'admin', texts: ['features/accounts/admin', 'features/mail'] },
    props: true,
  },
  {
    path: 'analytics',
    name: 'admin-analytics',
    component: admin('analytics'),
    meta: { texts: ['features/statistics/admin'] },
  },
  {
    path: 'mail',
    name: 'admin-mail',
    component: admin('mail'),
    // Addresses of an older version have the state of the system there.
    beforeEnter: (to) => (to.query.view === 'system' ? { name: 'admin-health' } : true),
    meta: { for: 'admin', texts: ['features/mail', 'features/reports', 'features/exports'] },
  },
  {
    path: 'health',
    name: 'admin-health',
    component: admin('health'),
    meta: { for: 'admin', texts: ['features/mail', 'features/system'] },
  },
  {
    path: 'exports',
    name: 'admin-exports',
    component: admin('exports'),
    meta: { texts: ['features/exports', 'features/exports/admin'] },
  },
  {
    path: 'audit',
    name: 'admin-audit',
    component: admin('audit'),
    meta: {
      for: 'admin',
      texts: ['features/audit', 'features/exports', 'features/bookings/history'],
    },
  },
]

// Before the router has read the address.
catchLinkToken()

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    ...driver,
    {
      path: '/admin',
      component: admin('layout'),
      meta: { for: 'staff', texts: ['app'] },
      children: adminRoutes,
    },
    {
      path: '/:rest(.*)*',
      name: 'not-found',
      component: () => import('@/pages/NotFoundPage.vue'),
      meta: { texts: ['app'] },
    },
  ],
  scrollBehavior: (to, from, saved) => {
    if (saved) return saved
    return to.path === from.path ? undefined : { top: 0 }
  },
})

const textsOf = (to: RouteLocationNormalized) =>
  useTexts(...to.matched.flatMap(({ meta }) => meta.texts ?? []))

router.beforeEach(async (to, from) => {
  const session = useSession()
  const wants = to.meta.for
  if (wants === 'guest' && session.signedIn) return { name: 'home' }
  // It is not known yet who is here: App.vue says why, and the address stays for when it is.
  if (wants && session.unreached) return true
  if (wants && wants !== 'guest' && !session.signedIn)
    return { name: 'login', query: { next: to.fullPath } }
  if ((wants === 'admin' && !session.isAdmin) || (wants === 'staff' && !session.isStaff))
    return { name: 'not-found', params: { rest: ['forbidden'] }, query: { was: to.fullPath } }
  // An administrator starts at the overview; who parks as well goes to the driver's pages from there.
  const starts = from.matched.length === 0 || from.meta.for === 'guest' || from.name === 'setup'
  if (to.name === 'home' && session.isAdmin && (starts || !session.isDriver))
    return { name: 'admin' }
  // The overview is about all lots.
  if (to.name === 'admin' && !session.isAdmin) return { name: 'admin-lots' }
  // The texts travel beside the code of the page; a failure is reported when the page waits for them.
  textsOf(to).catch(() => undefined)
  return true
})
router.beforeResolve(async (to) => {
  await textsOf(to)
})

const BUILDS_MS = 10_000

/** Moves the focus to the page's heading, as soon as there is one. */
function focusHeading(): void {
  const heading = () => document.querySelector<HTMLElement>('main h1')
  const focus = () => heading()?.focus({ preventScroll: true })
  if (heading()) return focus()
  const observer = new MutationObserver(() => {
    if (!heading()) return
    observer.disconnect()
    focus()
  })
  observer.observe(document.getElementById('main')!, { childList: true, subtree: true })
  setTimeout(() => observer.disconnect(), BUILDS_MS)
}

// Whoever hears the page is taken to the heading of the new one, or of the result of what they did; not
// on the first load, where the browser itself reads from the top.
router.afterEach((to, from) => {
  if (from.matched.length === 0) return
  const result = to.query.ended !== undefined && from.query.ended === undefined
  if (to.path === from.path && !result) return
  dropStaleToast()
  // After the dialog has given the focus back.
  setTimeout(focusHeading)
})
