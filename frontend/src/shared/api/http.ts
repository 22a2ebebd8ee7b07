import axios, { AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios'
import { ApiError, errorFromAnswer } from './errors'
import type { SignIn } from './types'

/**
 * The one way to the API. The access token lives in this module's memory and nowhere else;
 * the refresh token is a cookie that scripts cannot read.
 */
let accessToken: string | null = null
/** Whose page this is. Every request names it, and nothing is done for anybody else. */
let account: number | null = null

interface SessionHandlers {
  refreshed: (signIn: SignIn) => void
  ended: () => void
  /** The browser is signed in with another account than this page shows. */
  replaced: () => void
  /** Because of that, something that was to be changed was not. */
  lost: () => void
  /** A code of the second factor, or the password, is needed; resolves to whether a good one came. */
  proofAsked: (proof: 'code' | 'password') => Promise<boolean>
}
const nothing = () => {}
let session: SessionHandlers = {
  refreshed: nothing,
  ended: nothing,
  replaced: nothing,
  lost: nothing,
  proofAsked: () => Promise.resolve(false),
}

/** The token for requests and the account it stands for; null, null when nobody is signed in. */
export function setAccessToken(token: string | null, accountId: number | null = null): void {
  accessToken = token
  account = accountId
}

export function getAccessToken(): string | null {
  return accessToken
}

/** The id of the account this page shows. */
export const shownAccount = (): number | null => account

/** The session feature listens here; http itself knows no feature. */
export function onSession(handlers: SessionHandlers): void {
  session = handlers
}

const client = axios.create({ timeout: 20_000, headers: { Accept: 'application/json' } })

client.interceptors.request.use((config) => {
  if (accessToken) config.headers.set('Authorization', `Bearer ${accessToken}`)
  if (account) config.headers.set('X-Account', String(account))
  return config
})

client.interceptors.response.use(undefined, (error: unknown) => {
  if (toApiError(error).code === OTHER_ACCOUNT) session.replaced()
  throw error
})

const OTHER_ACCOUNT = 'other_account'
/** Codes of a 401 that speaks of no old token -> what is asked for. */
const PROOFS: Record<string, 'code' | 'password' | undefined> = {
  second_factor_required: 'code',
  password_required: 'password',
  wrong_code: undefined,
}
const otherAccount = () => new ApiError(409, OTHER_ACCOUNT, '')

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (!(error instanceof AxiosError)) return new ApiError(-1, 'unexpected', String(error))
  if (error.response) {
    const { status, data, headers } = error.response
    return errorFromAnswer(status, data, (name) => (headers[name] as string | undefined) ?? null)
  }
  if (error.code === AxiosError.ECONNABORTED || error.code === AxiosError.ETIMEDOUT)
    return new ApiError(0, 'timeout', '')
  if (error.code === AxiosError.ERR_CANCELED) return new ApiError(-1, 'cancelled', '')
  return new ApiError(0, 'offline', '')
}

/** Tabs take turns: the refresh cookie rotates, and the second tab must use the new one. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request('pw-refresh', work) : work()
}

/** So long before its end a token is renewed, so that nothing fails with it. */
const RENEW_BEFORE_MS = 60_000
let renewal: ReturnType<typeof setTimeout> | undefined

/** Renews the access token in time while the page is open. */
export function renewIn(expiresInSeconds: number): void {
  clearTimeout(renewal)
  const delay = Math.max(10_000, expiresInSeconds * 1000 - RENEW_BEFORE_MS)
  renewal = setTimeout(() => {
    if (accessToken) void refreshSession().catch(() => undefined)
  }, delay)
}

let refreshing: Promise<SignIn> | null = null

/**
 * Asks for a new access token; callers at the same time share one request. The token of another
 * account is never taken over: rejects with `other_account`.
 */
export function refreshSession(): Promise<SignIn> {
  refreshing ??= inTurn(async () => {
    const before = account
    const { data } = await client.post<SignIn>(
      '/auth/refresh',
      {},
      { headers: { 'X-Requested-With': 'parkwell' } },
    )
    if (account !== before) throw otherAccount()
    if (before && data.user.id !== before) {
      session.replaced()
      throw otherAccount()
    }
    setAccessToken(data.token, data.user.id)
    session.refreshed(data)
    return data
  })
    .catch((thrown: unknown) => {
      throw toApiError(thrown)
    })
    .finally(() => {
      refreshing = null
    })
  return refreshing
}

/** Paths whose 401 means "wrong password" or "nobody", not "token too old". */
const CREDENTIAL_PATHS = /^\/auth\/(login|register|setup|logout$|password\/(forgot|reset))/
function mayRefresh(error: unknown, config: AxiosRequestConfig): boolean {
  const is401 = error instanceof AxiosError && error.response?.status === 401
  const isFinal = CREDENTIAL_PATHS.test(config.url ?? '') || toApiError(error).code in PROOFS
  return is401 && !isFinal && accessToken !== null
}

/** One request for `owner`; an answer that comes when somebody else is here is dropped. */
async function once<T>(config: AxiosRequestConfig, owner: number | null) {
  if (account !== owner) throw otherAccount()
  const request = () => client.request<T>(config)
  // It may give the browser another refresh cookie: not while a tab uses the old one.
  const mayRenew = config.method !== 'GET' && config.url?.startsWith('/auth/')
  const answer = await (mayRenew ? inTurn(request) : request())
  if (account !== owner) throw otherAccount()
  // A password or a code that was right renews the session: the token before no longer works.
  const token = mayRenew && (answer.data as Partial<SignIn> | null)?.token
  if (account && token) setAccessToken(token, account)
  return answer
}

async function renewed<T>(config: AxiosRequestConfig, owner: number | null) {
  const tokenUsed = accessToken
  try {
    return await once<T>(config, owner)
  } catch (error) {
    if (!mayRefresh(error, config)) throw error
    // Another request may have refreshed while this one was under way.
    if (accessToken === tokenUsed) await refreshOrEnd()
    return once<T>(config, owner)
  }
}

async function send<T>(config: AxiosRequestConfig, owner = account): Promise<AxiosResponse<T>> {
  return renewed<T>(config, owner).catch(async (thrown: unknown) => {
    const error = toApiError(thrown)
    const proof = PROOFS[error.code]
    if (proof && account && (await session.proofAsked(proof))) return send<T>(config, owner)
    if (error.code === OTHER_ACCOUNT && config.method !== 'GET') session.lost()
    throw error
  })
}

async function refreshOrEnd(): Promise<void> {
  try {
    await refreshSession()
  } catch (error) {
    const problem = toApiError(error)
    if (problem.status === 401 || problem.status === 403) {
      setAccessToken(null)
      session.ended()
    }
    throw problem
  }
}

export interface SendOptions {
  /** One per thing the user wants; repeating it replays the first answer. */
  idempotencyKey?: string
  /** Whose request it is, when it may be older than the page; without it, of the account shown. */
  owner?: number
  /** ETag of the version being changed. */
  ifMatch?: string
  signal?: AbortSignal
  params?: object
  headers?: Record<string, string>
  /** A body, for the few DELETEs that take one. */
  data?: unknown
}

function configOf(options: SendOptions): AxiosRequestConfig {
  const headers: Record<string, string> = { ...options.headers }
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  if (options.ifMatch) headers['If-Match'] = options.ifMatch
  return { headers, params: options.params, signal: options.signal, data: options.data }
}

export const http = {
  get: async <T>(url: string, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ method: 'GET', url, ...configOf(options) })).data,
  post: async <T>(url: string, body: unknown = {}, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ ...configOf(options), method: 'POST', url, data: body }, options.owner)).data,
  put: async <T>(url: string, body: unknown, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ ...configOf(options), method: 'PUT', url, data: body })).data,
  patch: async <T>(url: string, body: unknown, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ ...configOf(options), method: 'PATCH', url, data: body })).data,
  delete: async <T>(url: string, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ method: 'DELETE', url, ...configOf(options) })).data,
  /** A file, with the name the server gave it. */
  blob: async (url: string, { headers }: SendOptions = {}): Promise<Blob> =>
    (await send<Blob>({ method: 'GET', url, headers, responseType: 'blob', timeout: 120_000 }))
      .data,
}

/** A key for one request. `randomUUID` exists on https and localhost only. */
export function newIdempotencyKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
