import { afterEach, expect } from 'vitest'

/** Requests that a test has given no answer: "GET /api/lots". */
const unanswered: string[] = []

/** Fails at once, as without a network, and makes the test fail that sent it. */
class UnansweredRequest extends XMLHttpRequest {
  private name = ''

  override open(method: string, url: string | URL): void {
    this.name = `${method.toUpperCase()} ${url}`
    super.open(method, url)
  }

  override send(): void {
    unanswered.push(this.name)
    queueMicrotask(() => this.onerror?.(new ProgressEvent('error')))
  }
}
globalThis.XMLHttpRequest = UnansweredRequest
globalThis.fetch = (input) => {
  unanswered.push(`fetch ${input instanceof Request ? input.url : input}`)
  return Promise.reject(new TypeError('No network in tests'))
}

afterEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  expect(unanswered.splice(0), 'requests without an answer').toEqual([])
})
