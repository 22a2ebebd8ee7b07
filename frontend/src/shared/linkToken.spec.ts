import { describe, expect, it } from 'vitest'
import { linkToken } from './linkToken'

describe('linkToken', () => {
  it.each([
    ['#token=a_b-C1', {}, 'a_b-C1'],
    ['#token=new', { token: 'old' }, 'new'],
    ['', { token: 'old' }, 'old'],
    ['#elsewhere', {}, ''],
    ['', { token: ['a', 'b'] }, ''],
    ['', {}, ''],
  ])('reads %s %o', (hash, query, secret) => {
    expect(linkToken({ hash, query })).toBe(secret)
  })
})
