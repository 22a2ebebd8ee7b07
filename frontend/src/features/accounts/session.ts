import { computed, effectScope, reactive, ref } from 'vue'
import { browserAccount, onAccount, tellAccount } from '@/shared/api/account'
import { asApiError, type ApiError } from '@/shared/api/errors'
import { onSession, renewIn, setAccessToken } from '@/shared/api/http'
import { csvFormat } from '@/shared/format/csvFormat'
import { LOCALES, setLocale } from '@/shared/format/i18n'
import { keepLast, readLast } from '@/shared/time/lastSeen'
import { setDisplayTimezone, setTheme } from '@/shared/browser/preferences'
import { queryClient } from '@/shared/api/query'
import type { Locale, SignIn, User } from '@/shared/api/types'
import { accountsApi } from './api'
import { noteLost, startAgain } from './replaced'

/** Says only "somebody was signed in here", so that a stranger's first visit asks for no session. */
const HINT_KEY = 'pw-returning'

/** Whether somebody was signed in here and probably still is. */
export const isReturning = () => localStorage.getItem(HINT_KEY) !== null

function createSession() {
  const user = ref<User | null>(null)
  /** True when the session ended by itself, so that the sign-in page can say so. */
  const expired = ref(false)
  const reauthenticating = ref(false)
  /** Why it is unknown who is here: the server could not be reached, or it failed. */
  const problem = ref<ApiError | null>(null)
  const unreached = computed(() => problem.value !== null)
  const signedIn = computed(() => user.value !== null)
  const isAdmin = computed(() => user.value?.roles.includes('admin') ?? false)
  /** Whether the pages of the administration are open to them, at least for some lots. */
  const isStaff = computed(() => isAdmin.value || !!user.value?.lot_roles.length)
  const isDriver = computed(() => user.value?.roles.includes('user') ?? false)

  function adopt(answer: SignIn): void {
    if (user.value && user.value.id !== answer.user.id) queryClient.clear()
    setAccessToken(answer.token, answer.user.id)
    renewIn(answer.expires_in)
    localStorage.setItem(HINT_KEY, '1')
    tellAccount(answer.user.id)
    expired.value = false
    void know(answer.user)
  }

  /** Takes over what the server says about this user; resolves when the page speaks their language. */
  async function know(account: User): Promise<void> {
    user.value = account
    problem.value = null
    if (readLast()?.userId !== account.id) keepLast(null)
    setDisplayTimezone(account.timezone)
    if (account.theme) setTheme(account.theme)
    csvFormat.value = account.csv_format
    if (LOCALES.includes(account.locale as Locale)) await setLocale(account.locale as Locale)
  }

  /** Nothing of this account stays in this tab. */
  function drop(): void {
    setAccessToken(null)
    user.value = null
    problem.value = null
    queryClient.clear()
  }

  /** Nothing of this account stays in this browser. */
  function clear(): void {
    drop()
    localStorage.removeItem(HINT_KEY)
    localStorage.removeItem('pw-end-reminded')
    keepLast(null)
  }

  /** At start: takes up the session of the refresh cookie, if there seems to be one. */
  async function resume(): Promise<void> {
    if (!isReturning()) return
    await accountsApi.refresh().catch((thrown: unknown) => {
      const error = asApiError(thrown)
      if (error.status === 401 || error.status === 403) clear()
      else problem.value = error
    })
  }

  /** This account was signed out of this browser: here, and in its other tabs. */
  function leave(): void {
    const now = browserAccount()
    if (now && now !== user.value?.id) return replaced()
    tellAccount(null)
    clear()
  }

  async function logout(): Promise<void> {
    await accountsApi.logout().catch(() => undefined)
    leave()
  }

  /** Somebody else signed in in this browser: nothing of this account stays, and the page starts anew. */
  function replaced(): void {
    if (!user.value) return
    startAgain(user.value.username)
    drop()
  }

  onSession({
    refreshed: adopt,
    ended: () => {
      expired.value = true
      clear()
    },
    replaced,
    lost: noteLost,
    proofAsked: (proof) => {
      reauthenticating.value = true
      return import('./factor/reauthenticate').then((dialog) => dialog.reauthenticate(proof))
    },
  })

  onAccount((id) => {
    if (id === null) return clear()
    if (user.value && user.value.id !== id) return replaced()
    // A signed-out page is the account's now. Who is about to sign in goes on with that.
    if (!user.value && /^\/(lots\/\d+)?$/.test(location.pathname)) void resume()
  })

  return reactive({
    user,
    expired,
    problem,
    unreached,
    reauthenticating,
    signedIn,
    isAdmin,
    isStaff,
    isDriver,
    adopt,
    know,
    clear,
    leave,
    resume,
    logout,
  })
}

let session: ReturnType<typeof createSession> | undefined

/** Who is signed in in this tab: one object for all. The token itself is in shared/api/http only. */
export function useSession() {
  // Detached: it outlives the component that asks first.
  session ??= effectScope(true).run(createSession)!
  return session
}
