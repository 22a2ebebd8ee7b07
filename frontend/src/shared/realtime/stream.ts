import { createEventSource, type EventSourceClient } from 'eventsource-client'
import { getAccessToken, refreshSession, shownAccount } from '@/shared/api/http'
import { streamState, updatedAt } from './streamState'
import { Timers } from './timers'

/**
 * A server-sent event stream; when it is down for long, the caller polls and the page says when it
 * last heard from the server. sharedStream.ts sees to it that a browser has one for all its tabs.
 */
export interface StreamHandlers {
  /** An event came; `data` is parsed JSON. */
  event: (name: string, data: unknown) => void
  /** Called now and every `POLL_EVERY` while the stream is down. */
  poll: () => Promise<unknown>
}

/** A stream silent for longer than two heartbeats is taken for dead (phones that slept). */
const SILENCE_MS = 40_000
const POLL_AFTER_MS = 8_000
const POLL_EVERY_MS = 10_000
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000
/** An account has so many streams. One whose place a newer one took does not take it back at once. */
const REPLACED_DELAY_MS = 5 * 60_000

/** Doubling delay with full jitter, so that a thousand pages do not come back at once. */
export function backOff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
  return Math.round(ceiling / 2 + random() * (ceiling / 2))
}

type Fetch = typeof globalThis.fetch

/** The fetch the stream uses: fresh token on every attempt, one refresh on 401, errors thrown. */
async function authorisedFetch(
  base: Fetch,
  account: number | null,
  url: string | URL,
  init?: RequestInit,
): Promise<Response> {
  const attempt = () => {
    if (shownAccount() !== account) throw new Error('somebody else is signed in')
    const headers: Record<string, string> = { ...(init?.headers as object) }
    headers.Authorization = `Bearer ${getAccessToken() ?? ''}`
    if (account) headers['X-Account'] = String(account)
    return base(url, { ...init, headers })
  }
  let answer = await attempt()
  if (answer.status === 401) {
    await refreshSession()
    answer = await attempt()
  }
  if (answer.status !== 200) throw new Error(`stream answered ${answer.status}`)
  return answer
}

export class LiveStream {
  private source: EventSourceClient | null = null
  private attempt = 0
  private readonly timers = new Timers<'retry' | 'silence' | 'fallback' | 'poll'>()
  private stopped = true
  private replaced = false

  constructor(
    private url: string,
    private readonly handlers: StreamHandlers,
    private readonly baseFetch: Fetch = (...args) => globalThis.fetch(...args),
    private lastEventId?: string,
    /** Whose stream it is; with anybody else's token it is not asked for. */
    private readonly account = shownAccount(),
  ) {}

  /** The last event that came, to go on from. */
  get position(): string | undefined {
    return this.source?.lastEventId ?? this.lastEventId
  }

  start(): void {
    this.stopped = false
    streamState.value = 'connecting'
    this.timers.set('fallback', POLL_AFTER_MS, () => this.fallBack())
    this.connect()
    window.addEventListener('online', this.retryNow)
    document.addEventListener('visibilitychange', this.retryWhenSeen)
  }

  /** Goes on with another address from where it is. */
  moveTo(url: string): void {
    if (url === this.url) return
    this.url = url
    if (!this.stopped) this.connect()
  }

  stop(): void {
    this.stopped = true
    this.disconnect()
    this.timers.clearAll()
    window.removeEventListener('online', this.retryNow)
    document.removeEventListener('visibilitychange', this.retryWhenSeen)
    streamState.value = 'off'
  }

  private connect(): void {
    this.replaced = false
    this.timers.clear('retry')
    this.disconnect()
    this.watchSilence()
    this.source = createEventSource({
      url: this.url,
      initialLastEventId: this.lastEventId,
      fetch: (url, init) => authorisedFetch(this.baseFetch, this.account, url, init as RequestInit),
      onConnect: () => this.connected(),
      onMessage: (message) => this.received(message.event ?? 'message', message.data),
      onComment: () => this.heard(),
      // The library would try again at a fixed pace; the pace is ours.
      onScheduleReconnect: () => this.lost(),
    })
  }

  private disconnect(): void {
    if (!this.source) return
    this.lastEventId = this.position
    this.source.close()
    this.source = null
  }

  private connected(): void {
    this.timers.clear('fallback')
    this.timers.clear('poll')
    const wasDown = streamState.value === 'polling' || this.attempt > 0
    streamState.value = 'live'
    this.heard()
    // What happened while the stream was down may be older than the server's memory of events.
    if (wasDown) this.catchUp()
  }

  private received(name: string, data: string): void {
    this.heard()
    if (name === 'ping') return
    if (name === 'bye') return this.dismissed(JSON.parse(data) as { reason?: string })
    // The server has lost its own news for now: ask, until it says that all is known again.
    if (name === 'degraded') return this.fallBack()
    if (name === 'resync') return this.resynced()
    this.handlers.event(name, JSON.parse(data))
  }

  /** The server ends the stream. Replaced by a newer one of the same account, this page polls. */
  private dismissed({ reason }: { reason?: string }): void {
    if (reason !== 'replaced') return
    this.replaced = true
    this.fallBack()
    this.lost()
  }

  private resynced(): void {
    this.timers.clear('poll')
    streamState.value = 'live'
    this.catchUp()
  }

  /** What was missed is read anew. */
  private catchUp(): void {
    void this.handlers.poll().catch(() => undefined)
  }

  private heard(): void {
    this.attempt = 0
    updatedAt.value = new Date()
    this.watchSilence()
  }

  private lost(): void {
    this.disconnect()
    this.timers.clear('silence')
    if (this.stopped) return
    if (streamState.value !== 'polling') {
      streamState.value = 'connecting'
      if (!this.timers.has('fallback'))
        this.timers.set('fallback', POLL_AFTER_MS, () => this.fallBack())
    }
    const delay = this.replaced ? REPLACED_DELAY_MS : backOff(this.attempt++)
    this.timers.set('retry', delay, () => this.connect())
  }

  private fallBack(): void {
    this.timers.clear('fallback')
    streamState.value = 'polling'
    const poll = async () => {
      await this.handlers.poll().then(
        () => (updatedAt.value = new Date()),
        () => undefined,
      )
      if (streamState.value === 'polling') this.timers.set('poll', POLL_EVERY_MS, () => void poll())
    }
    void poll()
  }

  private watchSilence(): void {
    this.timers.set('silence', SILENCE_MS, () => this.lost())
  }

  private readonly retryNow = () => {
    if (this.stopped || streamState.value === 'live') return
    this.attempt = 0
    this.connect()
  }

  private readonly retryWhenSeen = () => {
    if (document.visibilityState === 'visible') this.retryNow()
  }
}
