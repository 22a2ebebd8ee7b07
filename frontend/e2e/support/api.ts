import { ADMIN } from './product.ts'

/** The API as a client in a test's background: makes the data that the browser then shows. */
export interface Person {
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

export interface BookingFacts {
  id: number
  lot_id: number
  spot_id: number
  spot_number: number
  status: string
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

export async function register(name = unique('driver')): Promise<Person> {
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

export async function makeLot(facts: Record<string, unknown> = {}): Promise<LotDetails> {
  const wanted = {
    name: unique('Lot'),
    capacity: 10,
    price_per_hour: 2.5,
    timezone: 'Europe/Berlin',
  }
  const answer = await call<{ lot: LotDetails }>(
    'POST',
    '/api/lots',
    { ...wanted, ...facts },
    await asAdmin(),
  )
  return answer.lot
}

export async function book(person: Person, lotId: number, spotId?: number): Promise<BookingFacts> {
  const body = { lot_id: lotId, booking_type: 'instant', ...(spotId ? { spot_id: spotId } : {}) }
  return (await call<{ booking: BookingFacts }>('POST', '/api/book', body, person.token)).booking
}

export async function reserve(
  person: Person,
  lotId: number,
  from: string,
  to: string,
): Promise<BookingFacts> {
  const body = { lot_id: lotId, booking_type: 'reserved', reserved_start: from, reserved_end: to }
  return (await call<{ booking: BookingFacts }>('POST', '/api/book', body, person.token)).booking
}

export const release = (person: Person, id: number) =>
  call<{ total_cost: number }>('POST', `/api/release/${id}`, {}, person.token)

export const bookingsOf = async (person: Person) =>
  (await call<{ bookings: BookingFacts[] }>('GET', '/api/bookings', undefined, person.token))
    .bookings
