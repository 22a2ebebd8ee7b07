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

const signIn = (token: string, id?: number) => ({
  message: '',
  user: { id },
  token,
  expires_in: 900,
})
const silent = () => ({
  refreshed: vi.fn(),
  ended: vi.fn(),
  replaced: vi.fn(),
  lost: vi.fn(),
  proofAsked: () => Promise.resolve(false),
})
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

  it('goes on with the token of an answer that renews the session', async () => {
    const { http, setAccessToken } = await loadHttp(async (config) => {
      calls.push(bearer(config))
      return { status: 202, data: { message: '', token: 'new', expires_in: 900 } }
    })
    setAccessToken('old', 7)
    await http.post('/auth/email/change', {})
    await http.get('/a')
    expect(calls).toEqual(['Bearer old', 'Bearer new'])
  })

  it('lets no other tab renew its token while a password renews the session', async () => {
    const turns: string[] = []
    vi.stubGlobal('navigator', {
      locks: {
        request: (name: string, work: () => Promise<unknown>) => {
          turns.push(name)
          return work()
        },
      },
    })
    const { http } = await loadHttp(async () => ({ status: 200 }))
    for (const path of ['password/verify', 'email/change', 'second-factor', 'second-factor/off'])
      await http.post(`/auth/${path}`, {})
    await http.get('/auth/sessions')
    vi.unstubAllGlobals()
    expect(turns).toHaveLength(4)
  })

  it('says that the session ended when it cannot be renewed', async () => {
    const { http, setAccessToken, getAccessToken, onSession } = await loadHttp(async () => ({
      status: 401,
    }))
    const ended = vi.fn()
    onSession({ ...silent(), ended })
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
    onSession({ ...silent(), ended })
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

  it('names the account it shows with every request', async () => {
    const { http, setAccessToken } = await loadHttp(async (config) => {
      calls.push(String(config.headers.get('X-Account')))
      return { status: 200 }
    })
    await http.get('/a')
    setAccessToken('t', 7)
    await http.post('/b')
    expect(calls).toEqual(['undefined', '7'])
  })

  describe('of one account', () => {
    const ANNA = 1
    const BERT = 2
    type Http = Awaited<ReturnType<typeof loadHttp>>

    it.each<[string, (api: Http) => Promise<unknown>, boolean]>([
      ['a booking', (api) => api.http.post('/api/book'), true],
      ['a change', (api) => api.http.patch('/auth/me', {}), true],
      ['a deletion', (api) => api.http.delete('/auth/me'), true],
      ['a list', (api) => api.http.get('/api/bookings'), false],
    ])('%s is not repeated with the token of another', async (_name, ask, changes) => {
      const api = await loadHttp(async (config) => {
        calls.push(String(config.url))
        if (config.url === '/auth/refresh') return { status: 200, data: signIn('berts', BERT) }
        return { status: 401 }
      })
      const handlers = silent()
      api.onSession(handlers)
      api.setAccessToken('annas', ANNA)
      await expect(ask(api)).rejects.toMatchObject({ code: 'other_account' })
      expect(calls).toHaveLength(2)
      expect(api.getAccessToken()).toBe('annas')
      expect(handlers.replaced).toHaveBeenCalledOnce()
      expect(handlers.refreshed).not.toHaveBeenCalled()
      expect(handlers.lost.mock.calls).toHaveLength(changes ? 1 : 0)
    })

    it('is told by the server that somebody else is here', async () => {
      const api = await loadHttp(async () => ({ status: 409, data: { code: 'other_account' } }))
      const handlers = silent()
      api.onSession(handlers)
      api.setAccessToken('annas', ANNA)
      await expect(api.refreshSession()).rejects.toThrow()
      expect(handlers.replaced).toHaveBeenCalledOnce()
      expect(handlers.ended).not.toHaveBeenCalled()
    })

    it('an answer that comes after the account changed is dropped', async () => {
      let answer: ((what: Answer) => void) | undefined
      const api = await loadHttp(() => new Promise((resolve) => (answer = resolve)))
      api.setAccessToken('annas', ANNA)
      const late = api.http.get('/api/bookings')
      await vi.waitFor(() => expect(answer).toBeDefined())
      api.setAccessToken('berts', BERT)
      answer?.({ status: 200, data: 'of Anna' })
      await expect(late).rejects.toMatchObject({ code: 'other_account' })
    })

    it('a request of somebody who was here before is not sent', async () => {
      const api = await loadHttp(async (config) => {
        calls.push(String(config.url))
        return { status: 200 }
      })
      const handlers = silent()
      api.onSession(handlers)
      api.setAccessToken('berts', BERT)
      const request = api.http.post('/api/release/5', {}, { owner: ANNA })
      await expect(request).rejects.toMatchObject({ code: 'other_account' })
      expect(calls).toEqual([])
      expect(handlers.replaced).not.toHaveBeenCalled()
    })
  })

  describe('where a code of the second factor is missing', () => {
    const refusal = {
      status: 401,
      data: { code: 'second_factor_required', detail: 'A code, please' },
    }

    it('sends the request again after a good one, and renews no token', async () => {
      const answers: Answer[] = [refusal, { status: 200, data: 'done' }]
      const { http, setAccessToken, onSession } = await loadHttp(async (config) => {
        calls.push(String(config.url))
        return answers.shift()!
      })
      onSession({ ...silent(), proofAsked: () => Promise.resolve(true) })
      setAccessToken('annas', 1)
      await expect(http.patch('/api/users/2', {})).resolves.toBe('done')
      expect(calls).toEqual(['/api/users/2', '/api/users/2'])
    })

    it('asks for the password where that is missing', async () => {
      const proofs: string[] = []
      const answers: Answer[] = [
        { status: 401, data: { code: 'password_required' } },
        { status: 200 },
      ]
      const { http, setAccessToken, onSession } = await loadHttp(async () => answers.shift()!)
      const proofAsked = (proof: string) => Promise.resolve(proofs.push(proof) > 0)
      onSession({ ...silent(), proofAsked })
      setAccessToken('annas', 1)
      await http.post('/auth/logout-all', {})
      expect(proofs).toEqual(['password'])
    })

    it('says so when none came', async () => {
      const { http, setAccessToken, onSession } = await loadHttp(async () => refusal)
      onSession(silent())
      setAccessToken('annas', 1)
      await expect(http.patch('/api/users/2', {})).rejects.toMatchObject({
        code: 'second_factor_required',
      })
    })

    it('does not take a wrong code for an old token', async () => {
      const { http, setAccessToken } = await loadHttp(async (config) => {
        calls.push(String(config.url))
        return { status: 401, data: { code: 'wrong_code' } }
      })
      setAccessToken('annas', 1)
      await expect(http.post('/auth/second-factor/verify', {})).rejects.toMatchObject({
        status: 401,
      })
      expect(calls).toHaveLength(1)
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
