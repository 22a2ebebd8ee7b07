import type { Lot } from '@/shared/api/types'

/** A lot as the form takes it, for tests. */
export const lot = (values: Partial<Lot> = {}) =>
  ({
    id: 7,
    name: 'Harbour',
    capacity: 50,
    price_per_hour: 2.5,
    currency: 'EUR',
    timezone: 'Europe/Berlin',
    address: null,
    latitude: null,
    longitude: null,
    description: null,
    require_checkin: false,
    shorten_running: false,
    checkin_grace_minutes: 15,
    instant_hold_minutes: 60,
    tariff: { billing_step_seconds: 900, free_minutes: 0, daily_cap: null, cap_day: 'rolling' },
    version: 3,
    ...values,
  }) as unknown as Lot
