import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { beforeEach, describe, expect, it, vi } from 'vitest'

type Answer = { status: number; data?: unknown; headers?: Record<string, string> }
type Handler = (config: InternalAxiosRequestConfig) => Promise<Answer>

/** The real module on an adapter of our own, so that its interceptors and retries are what is tested. */
async function loadHttp(handler: Handler) {
  vi.resetModules()
  const create = axios.create.bind(axios)
  vi.spyOn(axios, 'create').mockImplementation((defaults) =>
    create({
      ...defaults,
      adapter: async (config) => {
        const answer = await handler(config)
        const response = { statusText: '', headers: {}, data: {}, ...answer, config }
        if (answer.status < 400) return response
        throw new AxiosError('refused', AxiosError.ERR_BAD_REQUEST, config, null, response)
      },
    }),
  )
  return import('./http')
}

const signIn = (token: string) => ({ message: '', user: {}, token, expires_in: 900 })
const bearer = (config: InternalAxiosRequestConfig) => String(config.headers.get('Authorization'))

describe('http', () => {
  let calls: string[]
  beforeEach(() => {
    calls = []
  })

  it('renews a token that is too old, once for many requests, and tries them again', async () => {
    const { http, setAccessToken } = await loadHttp(async (config) => {
      calls.push(`${config.url} ${bearer(config)}`)
      if (config.url === '/auth/refresh') return { status: 200, data: signIn('new') }
      return bearer(config) === 'Bearer new' ? { status: 200, data: 'fine' } : { status: 401 }
    })
    setAccessToken('old')
    const answers = await Promise.all([http.get('/a'), http.get('/b'), http.get('/c')])
    expect(answers).toEqual(['fine', 'fine', 'fine'])
    expect(calls.filter((call) => call.startsWith('/auth/refresh'))).toHaveLength(1)
  })

  it('says that the session ended when it cannot be renewed', async () => {
    const { http, setAccessToken, getAccessToken, onSession } = await loadHttp(async () => ({
      status: 401,
    }))
    const ended = vi.fn()
    onSession({ refreshed: vi.fn(), ended })
    setAccessToken('old')
    await expect(http.get('/a')).rejects.toMatchObject({ status: 401 })
    expect(ended).toHaveBeenCalledOnce()
    expect(getAccessToken()).toBeNull()
  })

  it('keeps the session when only the network is away', async () => {
    const { http, setAccessToken, getAccessToken, onSession } = await loadHttp(async (config) => {
      if (config.url === '/auth/refresh')
        throw new AxiosError('away', AxiosError.ERR_NETWORK, config)
      return { status: 401 }
    })
    const ended = vi.fn()
    onSession({ refreshed: vi.fn(), ended })
    setAccessToken('old')
    await expect(http.get('/a')).rejects.toMatchObject({ status: 0, code: 'offline' })
    expect(ended).not.toHaveBeenCalled()
    expect(getAccessToken()).toBe('old')
  })

  it('does not take a wrong password for an old token', async () => {
    const { http, setAccessToken } = await loadHttp(async (config) => {
      calls.push(String(config.url))
      return { status: 401, data: { detail: 'Wrong.', code: 'wrong_credentials' } }
    })
    setAccessToken('some')
    await expect(http.post('/auth/login', {})).rejects.toMatchObject({ code: 'wrong_credentials' })
    expect(calls).toEqual(['/auth/login'])
  })

  it('turns a problem document into an error with fields, request id and the rest', async () => {
    const { http } = await loadHttp(async () => ({
      status: 409,
      data: {
        detail: 'Taken.',
        code: 'spot_taken',
        errors: { a: ['b'] },
        request_id: 'r1',
        next_spot: { spot_id: 2 },
      },
      headers: { 'retry-after': '7' },
    }))
    await expect(http.post('/api/book', {})).rejects.toMatchObject({
      status: 409,
      code: 'spot_taken',
      message: 'Taken.',
      fields: { a: ['b'] },
      requestId: 'r1',
      retryAfterSeconds: 7,
      body: { next_spot: { spot_id: 2 } },
    })
  })

  it('sends the idempotency key and the version it is told', async () => {
    const { http } = await loadHttp(async (config) => {
      calls.push(`${config.headers.get('Idempotency-Key')} ${config.headers.get('If-Match')}`)
      return { status: 200 }
    })
    await http.post('/api/book', {}, { idempotencyKey: 'k', ifMatch: '"3"' })
    expect(calls).toEqual(['k "3"'])
  })
})
