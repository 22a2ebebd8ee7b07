import { beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { bookingsApi, type Released } from '@/features/bookings/api'
import { pendingIds } from './pendingIds'
import { releaseOrKeep, sendPending, wasNotFree } from './pendingRelease'

const offline = new ApiError(0, 'offline', '')
const answer = { total_cost: 5, booking: { id: 1 } } as Released

describe('a release', () => {
  let release: MockInstance<typeof bookingsApi.release>
  beforeEach(() => {
    release = vi.spyOn(bookingsApi, 'release')
    localStorage.clear()
  })

  it('with a network is done at once and leaves nothing behind', async () => {
    release.mockResolvedValueOnce(answer)
    expect(await releaseOrKeep(1, 7)).toBe(answer)
    expect(pendingIds.value).toEqual([])
  })

  it('of a booking whose spot was never free tells that it was cancelled', () => {
    expect(wasNotFree({ ...answer, booking: { ...answer.booking, status: 'Completed' } })).toBe(
      false,
    )
    expect(wasNotFree({ ...answer, booking: { ...answer.booking, status: 'Cancelled' } })).toBe(
      true,
    )
  })

  it('without one is kept, and sent later with the same key', async () => {
    release.mockRejectedValueOnce(offline).mockResolvedValueOnce(answer)
    expect(await releaseOrKeep(1, 7)).toBeNull()
    expect(pendingIds.value).toEqual([1])
    const done = vi.fn()
    await sendPending(7, done, vi.fn())
    expect(done).toHaveBeenCalledWith(answer)
    expect(release.mock.calls[1]).toEqual(release.mock.calls[0])
    expect(pendingIds.value).toEqual([])
    await sendPending(7, done, vi.fn())
    expect(release).toHaveBeenCalledTimes(2)
  })

  it('is not sent for somebody else who signed in on this device', async () => {
    release.mockRejectedValueOnce(offline)
    await releaseOrKeep(1, 7)
    await sendPending(8, vi.fn(), vi.fn())
    expect(release).toHaveBeenCalledTimes(1)
  })

  it('stays kept when somebody else came while it was being sent', async () => {
    release
      .mockRejectedValueOnce(offline)
      .mockRejectedValueOnce(new ApiError(409, 'other_account', ''))
    await releaseOrKeep(1, 7)
    const refused = vi.fn()
    await sendPending(7, vi.fn(), refused)
    expect(refused).not.toHaveBeenCalled()
    expect(pendingIds.value).toEqual([1])
    expect(release.mock.calls.map((call) => call[2])).toEqual([7, 7])
  })

  it('stays kept while the server is ill, and is dropped when it says no', async () => {
    release.mockRejectedValueOnce(offline).mockRejectedValueOnce(new ApiError(503, 'x', ''))
    await releaseOrKeep(1, 7)
    const refused = vi.fn()
    await sendPending(7, vi.fn(), refused)
    expect(pendingIds.value).toEqual([1])
    release.mockRejectedValueOnce(new ApiError(409, 'already_ended', ''))
    await sendPending(7, vi.fn(), refused)
    expect(refused).toHaveBeenCalledOnce()
    expect(pendingIds.value).toEqual([])
  })

  it('that the server refuses is not kept', async () => {
    release.mockRejectedValueOnce(new ApiError(409, 'not_started', 'Not begun.'))
    await expect(releaseOrKeep(1, 7)).rejects.toThrow('Not begun.')
    expect(pendingIds.value).toEqual([])
  })
})
