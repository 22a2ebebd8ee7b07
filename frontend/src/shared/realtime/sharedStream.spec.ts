import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { setAccessToken } from '@/shared/api/http'
import { SharedStream, sharedStream, type Subscriber } from './sharedStream'
import { streamState } from './streamState'

/** Locks as browsers have them, for the tabs of this test. */
class Locks {
  held: { name: string; fail: (error: Error) => void } | null = null
  waiting: (() => void)[] = []

  request(name: string, options: { steal?: boolean; signal?: AbortSignal }, work: () => unknown) {
    return new Promise<void>((resolve, reject) => {
      const run = () => {
        const mine = { name, fail: reject }
        this.held = mine
        void Promise.resolve(work()).then(() => {
          if (this.held !== mine) return
          this.held = null
          resolve()
          this.waiting.shift()?.()
        })
      }
      const aborted = () => {
        this.waiting = this.waiting.filter((one) => one !== run)
        reject(new DOMException('', 'AbortError'))
      }
      if (options.steal) this.held?.fail(new DOMException('', 'AbortError'))
      else options.signal?.addEventListener('abort', aborted)
      if (this.held && !options.steal) this.waiting.push(run)
      else run()
    })
  }
}

/** Channels that hand over at once. */
class Channel {
  static readonly all = new Set<Channel>()
  onmessage: ((event: { data: unknown }) => void) | null = null
  constructor(readonly name: string) {
    Channel.all.add(this)
  }
  postMessage(data: unknown): void {
    for (const other of [...Channel.all])
      if (other !== this && other.name === this.name) other.onmessage?.({ data })
  }
  close(): void {
    Channel.all.delete(this)
  }
}

function serve() {
  const urls: string[] = []
  const heads: Record<string, string>[] = []
  const lines: ((text: string) => void)[] = []
  const fetch = vi.fn(async (url: unknown, init?: RequestInit) => {
    urls.push(String(url))
    heads.push(init?.headers as Record<string, string>)
    const body = new ReadableStream<Uint8Array>({
      start: (to) => void lines.push((text) => to.enqueue(new TextEncoder().encode(text))),
    })
    return new Response(body, { status: 200 })
  })
  vi.stubGlobal('fetch', fetch)
  return { urls, heads, say: (text: string) => lines.at(-1)?.(text) }
}

let pageVisible = true
function look(at: boolean): void {
  pageVisible = at
  document.dispatchEvent(new Event('visibilitychange'))
}

const settle = (ms = 60) => vi.advanceTimersByTimeAsync(ms)
const listener = (lotId: number | null = null) => ({
  lotId,
  event: vi.fn<Subscriber['event']>(),
  poll: vi.fn(async () => undefined),
})

describe('the stream that tabs share', () => {
  let streams: SharedStream[]
  let locks: Locks
  const tab = (account: number | null = 7) => {
    const stream = new SharedStream(account)
    streams.push(stream)
    return stream
  }

  beforeEach(() => {
    vi.useFakeTimers()
    streams = []
    locks = new Locks()
    pageVisible = true
    vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() =>
      pageVisible ? 'visible' : 'hidden',
    )
    vi.stubGlobal('BroadcastChannel', Channel)
    Object.defineProperty(navigator, 'locks', { value: locks, configurable: true })
    setAccessToken('token', 7)
  })
  afterEach(() => {
    for (const one of streams) one.close()
    Channel.all.clear()
    setAccessToken(null)
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('is one for two tabs, with the lots of both; each hears of its own lot', async () => {
    const server = serve()
    const [one, two] = [listener(3), listener(5)]
    tab().subscribe(one)
    tab().subscribe(two)
    await settle()
    expect(server.urls).toEqual(['/api/stream?lots=3,5'])
    server.say('id: 9-0\nevent: spot\ndata: {"id":1,"lot_id":5}\n\n')
    server.say('id: 9-1\nevent: lot\ndata: {"id":5}\n\n')
    await settle()
    expect(one.event.mock.calls).toEqual([['lot', { id: 5 }]])
    expect(two.event.mock.calls.map(([name]) => name)).toEqual(['spot', 'lot'])
  })

  it('goes on with another lot from where it is', async () => {
    const server = serve()
    const stream = tab()
    stream.subscribe(listener())
    await settle()
    server.say('id: 4-0\nevent: lot\ndata: {"id":1}\n\n')
    await settle()
    stream.subscribe(listener(8))
    await settle()
    expect(server.urls).toEqual(['/api/stream', '/api/stream?lots=8'])
    expect(server.heads[1]).toMatchObject({ 'Last-Event-ID': '4-0', 'X-Account': '7' })
  })

  it('passes on when the leader closes, and loses nothing', async () => {
    const server = serve()
    const first = tab()
    first.subscribe(listener())
    const left = listener()
    tab().subscribe(left)
    await settle()
    server.say('id: 6-0\nevent: lot\ndata: {"id":1}\n\n')
    await settle()
    first.close()
    await settle(200)
    expect(server.heads).toHaveLength(2)
    expect(server.heads[1]).toMatchObject({ 'Last-Event-ID': '6-0' })
    server.say('id: 6-1\nevent: lot\ndata: {"id":2}\n\n')
    await settle()
    expect(left.event).toHaveBeenLastCalledWith('lot', { id: 2 })
    expect(streamState.value).toBe('live')
  })

  it('is let go by a tab that nobody looks at for long, and taken up again', async () => {
    const server = serve()
    tab().subscribe(listener())
    await settle()
    look(false)
    await settle(29_000)
    expect(locks.held).not.toBeNull()
    await settle(2_000)
    expect(locks.held).toBeNull()
    look(true)
    await settle()
    expect(locks.held).not.toBeNull()
    expect(server.urls).toHaveLength(2)
  })

  it('outlives a look at another window', async () => {
    const server = serve()
    tab().subscribe(listener())
    await settle()
    look(false)
    await settle(10_000)
    look(true)
    server.say('event: ping\ndata: {}\n\n')
    await settle(35_000)
    expect(server.urls).toHaveLength(1)
    expect(streamState.value).toBe('live')
  })

  it('is not waited for by a tab that nobody looks at', async () => {
    const server = serve()
    pageVisible = false
    tab().subscribe(listener())
    await settle(60_000)
    expect([locks.held, locks.waiting, server.urls]).toEqual([null, [], []])
    look(true)
    await settle()
    expect(server.urls).toHaveLength(1)
  })

  it('is taken from a leader that says nothing', async () => {
    const server = serve()
    let robbed = false
    void locks
      .request('pw-stream-7', {}, () => new Promise(() => undefined))
      .catch(() => (robbed = true))
    tab().subscribe(listener())
    await settle(4_000)
    expect(server.urls).toEqual([])
    await settle(4_000)
    expect(robbed).toBe(true)
    expect(server.urls).toHaveLength(1)
  })

  it('belongs to an account: nothing of it reaches another', async () => {
    serve()
    const other = listener()
    tab(8).subscribe(other)
    tab(7).subscribe(listener())
    await settle()
    new Channel('pw-stream-7').postMessage({ kind: 'event', name: 'lot', data: { id: 1 } })
    expect(other.event).not.toHaveBeenCalled()
    const anna = sharedStream(7)
    const end = vi.spyOn(anna, 'close')
    expect(sharedStream(8)).not.toBe(anna)
    expect(end).toHaveBeenCalledOnce()
  })

  it('is not asked for with the token of somebody else', async () => {
    const server = serve()
    const stream = tab()
    stream.subscribe(listener())
    await settle(10)
    setAccessToken('berts', 8)
    await settle()
    await settle(20_000)
    expect(server.heads).toEqual([])
  })

  it.each(['locks', 'channels'])('without %s is each tab’s own, while it is seen', async (what) => {
    if (what === 'locks')
      Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true })
    else vi.stubGlobal('BroadcastChannel', undefined)
    const server = serve()
    tab().subscribe(listener())
    tab().subscribe(listener())
    await settle()
    expect(server.urls).toHaveLength(2)
    look(false)
    await settle(60_000)
    expect(streamState.value).not.toBe('live')
    expect(server.urls).toHaveLength(2)
    look(true)
    await settle()
    expect(server.urls).toHaveLength(4)
  })

  it('polls in every tab that is seen while it is down', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no network')))
    const [one, two] = [listener(), listener()]
    tab().subscribe(one)
    tab().subscribe(two)
    await settle(20_000)
    expect(one.poll).toHaveBeenCalled()
    expect(two.poll).toHaveBeenCalled()
  })
})
