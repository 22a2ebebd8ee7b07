import { afterEach, describe, expect, it, vi } from 'vitest'
import { tellAccount } from '@/shared/api/account'
import { setAccessToken } from '@/shared/api/http'
import { keepLast, readLast } from '@/shared/time/lastSeen'
import { nextPath } from './nextPath'
import { ApiError } from '@/shared/api/errors'
import { learnServerTime, serverNow } from '@/shared/time/clock'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'

describe('an idempotency key', () => {
  it('keeps its key while the same thing is wanted', () => {
    const idempotency = useIdempotencyKey()
    const key = idempotency.keyFor({ lot_id: 1 })
    expect(idempotency.keyFor({ lot_id: 1 })).toBe(key)
  })

  it('has a new key for another request, and after it was fulfilled', () => {
    const idempotency = useIdempotencyKey()
    const first = idempotency.keyFor({ lot_id: 1 })
    expect(idempotency.keyFor({ lot_id: 2 })).not.toBe(first)
    const second = idempotency.keyFor({ lot_id: 2 })
    idempotency.fulfilled()
    expect(idempotency.keyFor({ lot_id: 2 })).not.toBe(second)
  })
})

describe('the idempotency key of another account', () => {
  afterEach(() => setAccessToken(null))

  it('has a key of its own', () => {
    const idempotency = useIdempotencyKey()
    setAccessToken('annas', 1)
    const key = idempotency.keyFor({ lot_id: 1 })
    setAccessToken('berts', 2)
    expect(idempotency.keyFor({ lot_id: 1 })).not.toBe(key)
  })
})

describe('the booking last seen', () => {
  it('is kept and read for the account of this browser only', () => {
    tellAccount(1)
    keepLast({ userId: 1, at: '', bookings: ['of Anna'] })
    expect(readLast()?.bookings).toEqual(['of Anna'])
    tellAccount(2)
    expect(readLast()).toBeNull()
    keepLast({ userId: 1, at: '', bookings: ['late, of Anna'] })
    tellAccount(1)
    expect(readLast()?.bookings).toEqual(['of Anna'])
  })
})

describe('the server’s clock', () => {
  afterEach(() => vi.useRealTimers())

  it('is followed, however wrong the device is', () => {
    vi.useFakeTimers({ now: new Date('2026-03-02T08:00:00Z') })
    learnServerTime('2026-03-02T09:00:00Z')
    expect(serverNow().toISOString()).toBe('2026-03-02T09:00:00.000Z')
    vi.advanceTimersByTime(60_000)
    expect(serverNow().toISOString()).toBe('2026-03-02T09:01:00.000Z')
  })
})

describe('where to go after signing in', () => {
  it('is only ever a page of ours', () => {
    expect(nextPath('/lots/3?later=1')).toBe('/lots/3?later=1')
    for (const bad of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      undefined,
      ['/x'],
    ])
      expect(nextPath(bad)).toBe('/')
  })
})

describe('an error', () => {
  it('without an answer is the network’s', () => {
    expect(new ApiError(0, 'offline', '').isOffline).toBe(true)
    expect(new ApiError(500, 'x', '').isOffline).toBe(false)
  })
})
