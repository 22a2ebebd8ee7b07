import axios, { AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios'
import { ApiError, errorFromAnswer } from './errors'
import type { SignIn } from './types'

/**
 * The one way to the API. The access token lives in this module's memory and nowhere else;
 * the refresh token is a cookie that scripts cannot read.
 */
let accessToken: string | null = null
let whenSessionEnds: () => void = () => {}
let whenRefreshed: (signIn: SignIn) => void = () => {}

export function setAccessToken(token: string | null): void {
  accessToken = token
}

export function getAccessToken(): string | null {
  return accessToken
}

/** The session feature listens here; http itself knows no feature. */
export function onSession(handlers: { refreshed: (s: SignIn) => void; ended: () => void }): void {
  whenRefreshed = handlers.refreshed
  whenSessionEnds = handlers.ended
}

const client = axios.create({ timeout: 20_000, headers: { Accept: 'application/json' } })

client.interceptors.request.use((config) => {
  if (accessToken) config.headers.set('Authorization', `Bearer ${accessToken}`)
  return config
})

function toApiError(error: unknown): ApiError {
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

/** Asks for a new access token; callers at the same time share one request. */
export function refreshSession(): Promise<SignIn> {
  refreshing ??= inTurn(async () => {
    const answer = await client.post<SignIn>(
      '/auth/refresh',
      {},
      {
        headers: { 'X-Requested-With': 'parkwell' },
      },
    )
    setAccessToken(answer.data.token)
    whenRefreshed(answer.data)
    return answer.data
  }).finally(() => {
    refreshing = null
  })
  return refreshing
}

/** Paths whose 401 means "wrong password" or "nobody", not "token too old". */
const CREDENTIAL_PATHS = ['/auth/login', '/auth/register', '/auth/refresh', '/auth/password/']

function mayRefresh(error: unknown, config: AxiosRequestConfig): boolean {
  const is401 = error instanceof AxiosError && error.response?.status === 401
  const credentials = CREDENTIAL_PATHS.some((path) => config.url?.startsWith(path))
  return is401 && !credentials && accessToken !== null
}

async function send<T>(config: AxiosRequestConfig): Promise<AxiosResponse<T>> {
  const tokenUsed = accessToken
  try {
    return await client.request<T>(config)
  } catch (error) {
    if (!mayRefresh(error, config)) throw toApiError(error)
    // Another request may have refreshed while this one was under way.
    if (accessToken === tokenUsed) await refreshOrEnd()
    return client.request<T>(config).catch((again: unknown) => {
      throw toApiError(again)
    })
  }
}

async function refreshOrEnd(): Promise<void> {
  try {
    await refreshSession()
  } catch (error) {
    const problem = toApiError(error)
    if (problem.status === 401 || problem.status === 403) {
      accessToken = null
      whenSessionEnds()
    }
    throw problem
  }
}

export interface SendOptions {
  /** One per thing the person wants; repeating it replays the first answer. */
  idempotencyKey?: string
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
    (await send<T>({ ...configOf(options), method: 'POST', url, data: body })).data,
  put: async <T>(url: string, body: unknown, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ ...configOf(options), method: 'PUT', url, data: body })).data,
  patch: async <T>(url: string, body: unknown, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ ...configOf(options), method: 'PATCH', url, data: body })).data,
  delete: async <T>(url: string, options: SendOptions = {}): Promise<T> =>
    (await send<T>({ method: 'DELETE', url, ...configOf(options) })).data,
  /** A file, with the name the server gave it. */
  blob: async (url: string): Promise<Blob> =>
    (await send<Blob>({ method: 'GET', url, responseType: 'blob', timeout: 120_000 })).data,
}

/** A key for one intention. `randomUUID` exists on https and localhost only. */
export function newIdempotencyKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
