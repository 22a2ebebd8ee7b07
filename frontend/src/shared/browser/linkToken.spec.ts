import { afterEach, describe, expect, it } from 'vitest'
import { catchLinkToken, dropLinkToken, linkToken } from './linkToken'

const open = (address: string) => history.replaceState(null, '', address)
const address = () => location.pathname + location.search + location.hash

describe('the token of a link', () => {
  afterEach(() => open('/'))

  it.each([
    ['the fragment', '/reset-password#token=abc', 'abc'],
    ['the query of an older link', '/setup?token=abc', 'abc'],
    ['both: the fragment counts', '/setup?token=old#token=new', 'new'],
    ['a path with a slash at its end', '/confirm-email/#token=abc', 'abc'],
    ['signs that need writing out', '/setup#token=a%2Bb%2Fc', 'a+b/c'],
    ['neither', '/setup#main', ''],
    ['an empty one', '/setup?token=', ''],
  ])('is read from %s', (_, given, secret) => {
    open(given)
    catchLinkToken()
    expect(linkToken()).toBe(secret)
    expect(address()).not.toContain('token')
  })

  it('leaves the rest of the address as it is', () => {
    open('/bookings?export=5&token=abc#token=abc')
    expect(catchLinkToken()).toBe(true)
    expect(address()).toBe('/bookings?export=5')
    open('/lots/3?later=1#main')
    expect(catchLinkToken()).toBe(false)
    expect(address()).toBe('/lots/3?later=1#main')
  })

  it('is kept for its own page only, until it was used', () => {
    open('/reset-password#token=abc')
    catchLinkToken()
    open('/setup')
    expect(linkToken()).toBe('')
    open('/reset-password')
    expect(linkToken()).toBe('abc')
    dropLinkToken()
    expect(linkToken()).toBe('')
  })

  it('is not kept where no page uses it', () => {
    open('/bookings?export=5#token=abc')
    catchLinkToken()
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain('abc')
  })
})
