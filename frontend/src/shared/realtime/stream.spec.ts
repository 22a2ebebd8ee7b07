import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { setAccessToken } from '@/shared/api/http'
import { backOff, LiveStream } from './stream'
import { streamState } from './streamState'

/** A server's side of one stream: what is written here arrives there. */
function line() {
  let writer: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (writer = controller) })
  const text = (what: string) => writer.enqueue(new TextEncoder().encode(what))
  return { answer: new Response(body, { status: 200 }), text, end: () => writer.close() }
}

const settle = () => vi.advanceTimersByTimeAsync(5)

describe('the live stream', () => {
  let stream: LiveStream
  const event = vi.fn()
  const poll = vi.fn(async () => undefined)
  const fetch = vi.fn<typeof globalThis.fetch>()

  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(Math, 'random').mockReturnValue(0)
    for (const mock of [event, poll, fetch]) mock.mockReset()
    poll.mockResolvedValue(undefined)
    setAccessToken('token')
    stream = new LiveStream('/api/stream', { event, poll }, fetch)
  })
  afterEach(() => {
    stream.stop()
    vi.useRealTimers()
  })

  it('carries the token and hands events over', async () => {
    const server = line()
    fetch.mockResolvedValueOnce(server.answer)
    stream.start()
    await settle()
    server.text('id: 5-0\nevent: lot\ndata: {"id":1}\n\n')
    await settle()
    expect(event).toHaveBeenCalledWith('lot', { id: 1 })
    expect(streamState.value).toBe('live')
    expect(fetch.mock.calls[0]?.[1]?.headers).toMatchObject({ Authorization: 'Bearer token' })
  })

  it('comes back after a break with the last event it saw, and reads anew what it may have missed', async () => {
    const first = line()
    fetch.mockResolvedValueOnce(first.answer).mockResolvedValueOnce(line().answer)
    stream.start()
    await settle()
    first.text('id: 5-0\nevent: lot\ndata: {"id":1}\n\n')
    await settle()
    first.end()
    await vi.advanceTimersByTimeAsync(600)
    expect(fetch).toHaveBeenCalledTimes(2)
    expect(fetch.mock.calls[1]?.[1]?.headers).toMatchObject({ 'Last-Event-ID': '5-0' })
    expect(poll).toHaveBeenCalled()
    expect(streamState.value).toBe('live')
  })

  it('polls within fifteen seconds when nothing connects, and goes on trying', async () => {
    fetch.mockRejectedValue(new TypeError('no network'))
    stream.start()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(streamState.value).toBe('polling')
    expect(poll).toHaveBeenCalled()
    const soFar = poll.mock.calls.length
    await vi.advanceTimersByTimeAsync(30_000)
    expect(poll.mock.calls.length).toBeGreaterThanOrEqual(soFar + 2)
    expect(fetch.mock.calls.length).toBeGreaterThan(4)
  })

  it('takes a long silence for a dead line', async () => {
    fetch.mockResolvedValueOnce(line().answer).mockResolvedValueOnce(line().answer)
    stream.start()
    await vi.advanceTimersByTimeAsync(41_000)
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  it('polls while the server has lost its own news', async () => {
    const server = line()
    fetch.mockResolvedValueOnce(server.answer)
    stream.start()
    await settle()
    server.text('event: degraded\ndata: {}\n\n')
    await settle()
    expect(streamState.value).toBe('polling')
    server.text('event: resync\ndata: {}\n\n')
    await settle()
    expect(streamState.value).toBe('live')
    expect(poll.mock.calls.length).toBeGreaterThanOrEqual(2)
  })

  it('does not take its place back from the newer stream that replaced it: it polls', async () => {
    const server = line()
    fetch.mockResolvedValueOnce(server.answer).mockResolvedValueOnce(line().answer)
    stream.start()
    await settle()
    server.text('event: bye\ndata: {"reason":"replaced"}\n\n')
    server.end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(fetch).toHaveBeenCalledTimes(1)
    expect(streamState.value).toBe('polling')
    expect(poll.mock.calls.length).toBeGreaterThanOrEqual(5)
    await vi.advanceTimersByTimeAsync(4 * 60_000 + 100)
    expect(fetch).toHaveBeenCalledTimes(2)
    expect(streamState.value).toBe('live')
  })

  it('comes back soon from a goodbye of any other kind', async () => {
    const server = line()
    fetch.mockResolvedValueOnce(server.answer).mockResolvedValueOnce(line().answer)
    stream.start()
    await settle()
    server.text('event: bye\ndata: {"reason":"stopping"}\n\n')
    server.end()
    await vi.advanceTimersByTimeAsync(600)
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  it('is quiet once stopped', async () => {
    fetch.mockRejectedValue(new TypeError('no network'))
    stream.start()
    await settle()
    stream.stop()
    const soFar = fetch.mock.calls.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(fetch).toHaveBeenCalledTimes(soFar)
    expect(streamState.value).toBe('off')
  })
})

describe('the delay before another try', () => {
  it('doubles, has an end, and is spread', () => {
    expect(backOff(0, () => 0)).toBe(250)
    expect(backOff(0, () => 1)).toBe(500)
    expect(backOff(3, () => 1)).toBe(4000)
    expect(backOff(50, () => 1)).toBe(30_000)
  })
})
