import type { Route } from '@playwright/test'

/** For `page.route`: the API answers with an error (RFC 9457). */
export const problem =
  (status: number, code: string, more: object = {}) =>
  (route: Route) =>
    route.fulfill({
      status,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status, title: 'No', request_id: 'abc-123', code, ...more }),
    })
