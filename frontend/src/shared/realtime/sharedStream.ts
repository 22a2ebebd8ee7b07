import { watch } from 'vue'
import { LiveStream } from './stream'
import { streamState, updatedAt, type StreamState } from './streamState'
import { Timers } from './timers'

/**
 * One event stream for all tabs of a browser. A browser opens six connections to a host at most
 * (HTTP/1.1), and a stream never ends: with one for each tab the seventh tab would never load.
 *
 * The tabs that are looked at queue for a lock; who has it leads: holds the stream, and hands every
 * event over to the others. The lock goes on by itself when the leader closes; a leader gives it up
 * when it is frozen or hidden for long. Whoever follows resumes at the last event that the tabs have
 * seen. A leader that holds the lock and says nothing is taken for dead and its lock is taken away.
 * Without locks or channels each tab has its own stream, while it is looked at.
 *
 * Lock and channel carry the account's number: two accounts never share an event.
 */
export interface Subscriber {
  /** The lot whose spots are shown, or null. */
  lotId: number | null
  event: (name: string, data: unknown) => void
  /** Asks the server for everything that is shown. */
  poll: () => Promise<unknown>
}

type Message =
  | { kind: 'event'; name: string; data: unknown; position?: string }
  | { kind: 'state'; state: StreamState; at: Date | null; position?: string }
  | { kind: 'poll' }
  | { kind: 'hello'; tab: string; lots: number[] }
  | { kind: 'bye'; tab: string }
  | { kind: 'rollCall' }

/** A leader says something at least every fifteen seconds, and answers a greeting at once. */
const SILENCE_MS = 45_000
const ANSWER_MS = 5_000
/** So long a hidden tab may go on leading: a look at another window ends nothing. */
const HIDDEN_MS = 30_000
/** So long it takes the tabs to say which lots they show. */
const ROLL_CALL_MS = 50
/** A leader speaks more often than this; what was heard longer ago may not be so any more. */
const FRESH_MS = 20_000
/** Between two pages of a tab nobody listens for a moment. */
const LINGER_MS = 3_000

const visible = () => document.visibilityState === 'visible'

export class SharedStream {
  private readonly tab = Math.random().toString(36).slice(2)
  private readonly subscribers = new Set<Subscriber>()
  private readonly lotsElsewhere = new Map<string, number[]>()
  private readonly name: string
  private readonly locks = navigator.locks as LockManager | undefined
  private channel: BroadcastChannel | null = null
  private stream: LiveStream | null = null
  private position: string | undefined
  /** The request to lead, from queueing until leadership ends. */
  private request: AbortController | null = null
  private endLeadership = () => {}
  private leading = false
  private unwatch = () => {}
  private heardAt = 0
  /** Nobody looked when the tabs were told to ask the server. */
  private stale = false
  private alone = false
  private readonly timers = new Timers<'silence' | 'hidden' | 'lots' | 'linger'>()

  constructor(private readonly account: number | null) {
    this.name = `pw-stream-${account}`
  }

  /** Listens until the function that comes back is called. */
  subscribe(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber)
    this.timers.clear('linger')
    if (!this.open) this.join()
    else this.lotsChanged()
    return () => {
      this.subscribers.delete(subscriber)
      if (this.subscribers.size === 0) this.timers.set('linger', LINGER_MS, () => this.leave())
    }
  }

  /** Ends at once, whoever still listens. */
  close(): void {
    this.subscribers.clear()
    this.leave()
  }

  private open = false

  private join(): void {
    this.open = true
    streamState.value = 'connecting'
    if (this.locks && typeof BroadcastChannel === 'function') {
      this.channel = new BroadcastChannel(this.name)
      this.channel.onmessage = ({ data }: MessageEvent<Message>) => this.hear(data)
    }
    document.addEventListener('visibilitychange', this.seen)
    document.addEventListener('freeze', this.giveUp)
    document.addEventListener('resume', this.seen)
    window.addEventListener('pagehide', this.away)
    window.addEventListener('pageshow', this.seen)
    this.greet()
    this.queue()
  }

  private leave(): void {
    if (!this.open) return
    this.open = false
    this.away()
    this.timers.clearAll()
    document.removeEventListener('visibilitychange', this.seen)
    document.removeEventListener('freeze', this.giveUp)
    document.removeEventListener('resume', this.seen)
    window.removeEventListener('pagehide', this.away)
    window.removeEventListener('pageshow', this.seen)
    this.channel?.close()
    this.channel = null
    streamState.value = 'off'
  }

  // -- who leads -------------------------------------------------------------------------------

  /** Waits to lead; with `steal`, takes leadership from a tab that is silent. */
  private queue(steal = false): void {
    if (!this.open || this.request || !visible()) return
    const request = new AbortController()
    this.request = request
    if (!this.locks || !this.channel || this.alone) return this.lead()
    const options = steal ? { steal } : { signal: request.signal }
    const led = this.locks.request(this.name, options, () => {
      if (this.request !== request) return
      this.lead()
      return new Promise<void>((resolve) => (this.endLeadership = resolve))
    })
    led
      // Given up while waiting, or taken away by a tab that heard nothing of this one.
      .catch((error: unknown) => {
        this.alone = (error as Error).name !== 'AbortError'
      })
      .then(() => {
        if (this.request !== request) return
        this.giveUp()
        this.greet()
        this.queue()
      })
  }

  private lead(): void {
    this.leading = true
    this.timers.clear('silence')
    this.lotsElsewhere.clear()
    this.post({ kind: 'rollCall' })
    this.timers.set('lots', this.channel ? ROLL_CALL_MS : 0, () => this.connect())
    this.unwatch = watch([streamState, updatedAt], () => this.report(), { flush: 'sync' })
  }

  private connect(): void {
    if (this.stream) return this.stream.moveTo(this.url())
    const stream = new LiveStream(
      this.url(),
      {
        event: (name, data) => {
          this.position = stream.position
          this.deliver(name, data)
          this.post({ kind: 'event', name, data, position: this.position })
        },
        poll: () => {
          this.post({ kind: 'poll' })
          return this.poll()
        },
      },
      undefined,
      this.position,
      this.account,
    )
    this.stream = stream
    stream.start()
  }

  /** Neither leads nor waits for it any more. */
  private readonly giveUp = (): void => {
    const { request } = this
    this.request = null
    request?.abort()
    this.timers.clear('hidden')
    this.timers.clear('silence')
    if (!this.leading) return
    this.leading = false
    this.timers.clear('lots')
    this.unwatch()
    this.position = this.stream?.position ?? this.position
    this.stream?.stop()
    this.stream = null
    // The connection is let go before the next one may ask for its own.
    this.endLeadership()
    streamState.value = 'connecting'
  }

  private readonly away = (): void => {
    this.giveUp()
    this.post({ kind: 'bye', tab: this.tab })
  }

  private readonly seen = (): void => {
    if (visible()) return this.back()
    if (this.leading && this.channel && !this.alone)
      this.timers.set('hidden', HIDDEN_MS, this.giveUp)
    else this.giveUp()
  }

  private back(): void {
    this.timers.clear('hidden')
    if (!this.leading) {
      if (Date.now() - this.heardAt > FRESH_MS) streamState.value = 'connecting'
      this.greet()
    }
    if (this.stale) void this.poll()
    this.queue()
  }

  // -- what tabs say to each other -------------------------------------------------------------

  private post(message: Message): void {
    this.channel?.postMessage(message)
  }

  private greet(): void {
    this.expectWord(ANSWER_MS)
    this.post({ kind: 'hello', tab: this.tab, lots: this.lots() })
  }

  /** Takes the lead away from a leader that is silent for so long. */
  private expectWord(within: number): void {
    // Not all at once: the first to do so is heard by the others.
    this.timers.set('silence', within * (1 + Math.random() / 4), () => {
      if (this.leading || !visible()) return
      this.giveUp()
      this.queue(true)
    })
  }

  private report(): void {
    this.heardAt = Date.now()
    const [state, at] = [streamState.value, updatedAt.value]
    this.position = this.stream?.position ?? this.position
    this.post({ kind: 'state', state, at, position: this.position })
  }

  private hear(message: Message): void {
    if (message.kind === 'hello') return this.know(message.tab, message.lots)
    if (message.kind === 'bye') return void this.lotsElsewhere.delete(message.tab)
    if (message.kind === 'rollCall')
      return this.post({ kind: 'hello', tab: this.tab, lots: this.lots() })
    // Two leaders at once: the one whose lock was taken away is told by the lock.
    if (this.leading) return
    this.heardAt = Date.now()
    this.expectWord(SILENCE_MS)
    if (message.kind === 'poll') return void this.poll()
    this.position = message.position ?? this.position
    if (message.kind === 'event') return this.deliver(message.name, message.data)
    streamState.value = message.state === 'off' ? 'connecting' : message.state
    if (message.state === 'live') updatedAt.value = message.at
  }

  private know(tab: string, lots: number[]): void {
    if (!this.leading) return
    this.lotsElsewhere.set(tab, lots)
    this.lotsChanged()
    this.report()
  }

  // -- what a tab listens to -------------------------------------------------------------------

  private deliver(name: string, data: unknown): void {
    const lot = name === 'spot' ? (data as { lot_id: number }).lot_id : null
    for (const one of this.subscribers) if (lot === null || lot === one.lotId) one.event(name, data)
  }

  /** A tab that nobody looks at need not ask: it does when it is looked at again. */
  private async poll(): Promise<void> {
    this.stale = !visible()
    if (this.stale) return
    await Promise.all([...this.subscribers].map((one) => one.poll()))
    updatedAt.value = new Date()
  }

  private lots(): number[] {
    const lotIds = [...this.subscribers].map((one) => one.lotId)
    return [...new Set(lotIds)].filter((lot) => lot !== null)
  }

  private lotsChanged(): void {
    if (!this.leading) return this.post({ kind: 'hello', tab: this.tab, lots: this.lots() })
    this.timers.set('lots', ROLL_CALL_MS, () => this.connect())
  }

  private url(): string {
    const all = new Set([...this.lots(), ...[...this.lotsElsewhere.values()].flat()])
    // The address stays the same while the lots do; the server takes a hundred.
    const lots = [...all].sort((a, b) => a - b).slice(0, 100)
    return lots.length ? `/api/stream?lots=${lots.join(',')}` : '/api/stream'
  }
}

let current: { account: number | null; stream: SharedStream } | null = null

/** The stream of the account this tab shows. That of another account is closed. */
export function sharedStream(account: number | null): SharedStream {
  if (current?.account !== account) {
    current?.stream.close()
    current = { account, stream: new SharedStream(account) }
  }
  return current.stream
}
