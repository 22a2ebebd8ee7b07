import { ADMIN } from './product.ts'

/** The API as a client in a test's background: makes the data that the browser then shows. */
export interface User {
  id: number
  email: string
  username: string
  password: string
  token: string
}

export interface LotDetails {
  id: number
  name: string
  capacity: number
  available_spots: number
}

export interface BookingDetails {
  id: number
  lot_id: number
  spot_id: number
  spot_number: number
  status: string
  series_id: number | null
}

const base = () => process.env.E2E_URL ?? ''
let counter = 0
/** A name nobody else in this run has. */
export const unique = (word: string) =>
  `${word}-${process.pid.toString(36)}${(counter++).toString(36)}`

export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  token?: string,
): Promise<T> {
  const answer = await fetch(`${base()}${path}`, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

export async function register(name = unique('driver')): Promise<User> {
  const account = { email: `${name}@example.com`, username: name, password: 'a good long secret' }
  const { user, token } = await call<{ user: { id: number }; token: string }>(
    'POST',
    '/auth/register',
    account,
  )
  return { ...account, id: user.id, token }
}

let adminToken: string | undefined
export async function asAdmin(): Promise<string> {
  adminToken ??= (await call<{ token: string }>('POST', '/auth/login', ADMIN)).token
  return adminToken
}

export async function makeLot(fields: Record<string, unknown> = {}): Promise<LotDetails> {
  const defaults = {
    name: unique('Lot'),
    capacity: 10,
    price_per_hour: 2.5,
    timezone: 'Europe/Berlin',
  }
  const answer = await call<{ lot: LotDetails }>(
    'POST',
    '/api/lots',
    { ...defaults, ...fields },
    await asAdmin(),
  )
  return answer.lot
}

export async function book(user: User, lotId: number, spotId?: number): Promise<BookingDetails> {
  const body = { lot_id: lotId, booking_type: 'instant', ...(spotId ? { spot_id: spotId } : {}) }
  return (await call<{ booking: BookingDetails }>('POST', '/api/book', body, user.token)).booking
}

export async function reserve(
  user: User,
  lotId: number,
  from: string,
  to: string,
): Promise<BookingDetails> {
  const body = { lot_id: lotId, booking_type: 'reserved', reserved_start: from, reserved_end: to }
  return (await call<{ booking: BookingDetails }>('POST', '/api/book', body, user.token)).booking
}

export const release = (user: User, id: number) =>
  call<{ total_cost: number }>('POST', `/api/release/${id}`, {}, user.token)

export const bookingsOf = async (user: User) =>
  (await call<{ bookings: BookingDetails[] }>('GET', '/api/bookings', undefined, user.token))
    .bookings
