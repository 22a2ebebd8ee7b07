import { isWhole } from '@/shared/format/currencies'
import type { Lot } from '@/shared/api/types'
import type { FieldErrors } from '@/shared/form/useForm'

/** A lot's fields as they stand in the form: text as typed, under the API's names. */
export interface LotFields {
  name: string
  capacity: string
  price_per_hour: string
  timezone: string
  address: string
  latitude: string
  longitude: string
  description: string
  require_checkin: boolean
  shorten_running: boolean
  checkin_grace_minutes: string
  instant_hold_minutes: string
  billing_step_seconds: string
  free_minutes: string
  daily_cap: string
  cap_day: 'rolling' | 'calendar'
}

export type FieldName = keyof LotFields
/** What the API takes; null clears a field that may be empty. */
export type LotBody = Partial<Record<FieldName, string | number | boolean | null>>

/** The fields one need not look at to open a lot. */
export const MORE_FIELDS: readonly FieldName[] = [
  'address',
  'latitude',
  'longitude',
  'description',
  'billing_step_seconds',
  'free_minutes',
  'daily_cap',
  'cap_day',
  'instant_hold_minutes',
  'require_checkin',
  'shorten_running',
  'checkin_grace_minutes',
]

const INTEGERS = new Map<FieldName, [least: number, most: number]>([
  ['capacity', [1, 10_000]],
  ['checkin_grace_minutes', [0, 1440]],
  ['instant_hold_minutes', [5, 1440]],
  ['billing_step_seconds', [1, 86_400]],
  ['free_minutes', [0, 1440]],
])
const DEGREES = new Map<FieldName, number>([
  ['latitude', 90],
  ['longitude', 180],
])
const MONEY: readonly FieldName[] = ['price_per_hour', 'daily_cap']
/** Emptied, these are cleared; of the others, an empty field says nothing. */
const CLEARABLE: readonly FieldName[] = [
  'address',
  'latitude',
  'longitude',
  'description',
  'daily_cap',
]
const NEEDED: readonly FieldName[] = ['name', 'capacity', 'price_per_hour']

const text = (value: number | string | null) => (value === null ? '' : String(value))

/** The zone offered for a new lot: the operator's, or that of the browser where the operator has set none. */
export function zoneOfNewLot(operator: string, browser: string): string {
  return operator && operator !== 'UTC' ? operator : browser
}

/** A new lot before anything is typed; what stays empty, the server decides. */
export function newLot(timezone: string): LotFields {
  return {
    name: '',
    capacity: '',
    price_per_hour: '',
    timezone,
    address: '',
    latitude: '',
    longitude: '',
    description: '',
    require_checkin: false,
    shorten_running: false,
    checkin_grace_minutes: '',
    instant_hold_minutes: '',
    billing_step_seconds: '',
    free_minutes: '',
    daily_cap: '',
    cap_day: 'rolling',
  }
}

export function fieldsOf(lot: Lot): LotFields {
  return {
    name: lot.name,
    capacity: text(lot.capacity),
    price_per_hour: text(lot.price_per_hour),
    timezone: lot.timezone,
    address: text(lot.address),
    latitude: text(lot.latitude),
    longitude: text(lot.longitude),
    description: text(lot.description),
    require_checkin: lot.require_checkin,
    shorten_running: lot.shorten_running,
    checkin_grace_minutes: text(lot.checkin_grace_minutes),
    instant_hold_minutes: text(lot.instant_hold_minutes),
    billing_step_seconds: text(lot.tariff.billing_step_seconds),
    free_minutes: text(lot.tariff.free_minutes),
    daily_cap: text(lot.tariff.daily_cap),
    cap_day: lot.tariff.cap_day,
  }
}

/** A number as people type it, "2,50" as well as "2.50"; null when it is none. */
export function readNumber(typed: string): number | null {
  const plain = typed.trim().replace(',', '.')
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null
}

const isCents = (value: number) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6

function moneyError(value: number | null, currency: string): string | null {
  if (value === null || value < 0 || !isCents(value)) return 'adminLots.problem.money'
  return isWhole(currency) && !Number.isInteger(value) ? 'adminLots.problem.wholeMoney' : null
}

/** The message key of what is wrong with a field that is not empty; null when nothing is. */
function fieldError(name: FieldName, typed: string, currency: string): string | null {
  const value = readNumber(typed)
  const whole = INTEGERS.get(name)
  if (whole) {
    const fits = value !== null && Number.isInteger(value) && value >= whole[0] && value <= whole[1]
    const key = name === 'capacity' ? 'capacity' : 'whole'
    return fits ? null : `adminLots.problem.${key}`
  }
  if (MONEY.includes(name)) return moneyError(value, currency)
  const most = DEGREES.get(name)
  if (most !== undefined)
    return value !== null && Math.abs(value) <= most ? null : 'adminLots.problem.degrees'
  return null
}

/** Message keys of what is wrong, by field. */
export function checkLot(fields: LotFields, currency = ''): FieldErrors {
  const errors: FieldErrors = {}
  for (const [name, typed] of Object.entries(fields) as [FieldName, string | boolean][]) {
    if (typeof typed === 'boolean') continue
    const empty = !typed.trim()
    if (empty && name === 'name') errors.name = 'adminLots.problem.name'
    else if (!empty || NEEDED.includes(name)) {
      const error = fieldError(name, typed, currency)
      if (error) errors[name] = error
    }
  }
  return errors
}

/** The least and most of a whole-number field, for its message. */
export function boundsOf(name: string): { least: number; most: number } {
  const [least, most] = INTEGERS.get(name as FieldName) ?? [0, 0]
  return { least, most }
}

function valueOf(name: FieldName, fields: LotFields): string | number | boolean | null | undefined {
  const field = fields[name]
  if (typeof field === 'boolean') return field
  const typed = field.trim()
  if (typed === '') return CLEARABLE.includes(name) ? null : undefined
  const isNumber = INTEGERS.has(name) || DEGREES.has(name) || MONEY.includes(name)
  return isNumber ? readNumber(typed) : typed
}

/** The fields in which what was typed and what is saved now differ in value. */
export function differences(typed: LotFields, saved: LotFields): FieldName[] {
  const names = Object.keys(typed) as FieldName[]
  return names.filter((name) => valueOf(name, typed) !== valueOf(name, saved))
}

/** The fields that were changed, as the API takes them; of a new lot, those that were filled in. */
export function bodyOf(typed: LotFields, before: LotFields): LotBody {
  const changed = differences(typed, before).map((name) => [name, valueOf(name, typed)] as const)
  return Object.fromEntries(changed.filter(([, value]) => value !== undefined))
}

/** What was typed, on top of what somebody else saved meanwhile: a field nobody typed in is theirs. */
export function onTopOf(saved: LotFields, typed: LotFields, before: LotFields): LotFields {
  const mine = differences(typed, before).map((name) => [name, typed[name]])
  return { ...saved, ...Object.fromEntries(mine) }
}
