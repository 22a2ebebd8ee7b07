import { describe, expect, it } from 'vitest'
import type { Lot } from '@/shared/api/types'
import {
  bodyOf,
  checkLot,
  differences,
  fieldsOf,
  newLot,
  onTopOf,
  readNumber,
  zoneOfNewLot,
} from './lotForm'

const lot = {
  name: 'Harbour',
  capacity: 50,
  price_per_hour: 2.5,
  timezone: 'Europe/Berlin',
  address: null,
  latitude: 54.3,
  longitude: 10.1,
  description: null,
  require_checkin: false,
  shorten_running: false,
  checkin_grace_minutes: 15,
  instant_hold_minutes: 60,
  tariff: { billing_step_seconds: 900, free_minutes: 0, daily_cap: 20, cap_day: 'rolling' },
} as Lot

describe('numbers as typed', () => {
  it('takes a comma or a point, and nothing that is no number', () => {
    expect(['2,50', ' 2.5 ', '7', '1.000,50', '2 €', ''].map(readNumber)).toEqual([
      2.5,
      2.5,
      7,
      null,
      null,
      null,
    ])
  })
})

describe('the check of a lot', () => {
  it('asks for name, capacity and price of a new lot', () => {
    expect(Object.keys(checkLot(newLot('UTC'))).sort()).toEqual([
      'capacity',
      'name',
      'price_per_hour',
    ])
  })

  it('finds nothing wrong with a lot as the server has it', () => {
    expect(checkLot(fieldsOf(lot))).toEqual({})
  })

  it('refuses halves of spots, thirds of cents and places off the globe', () => {
    const wrong = { capacity: '1.5', price_per_hour: '2.505', latitude: '91', free_minutes: '-1' }
    expect(Object.keys(checkLot({ ...fieldsOf(lot), ...wrong })).sort()).toEqual(
      Object.keys(wrong).sort(),
    )
  })

  it('takes only whole amounts of a currency without hundredths', () => {
    const typed = { ...fieldsOf(lot), price_per_hour: '300', daily_cap: '2000.5' }
    expect(checkLot(typed, 'JPY')).toEqual({ daily_cap: 'adminLots.problem.wholeMoney' })
    expect(checkLot(typed, 'EUR')).toEqual({})
  })
})

describe('what is sent', () => {
  it('is only what was changed, an emptied field as null', () => {
    const before = fieldsOf(lot)
    const after = { ...before, price_per_hour: '3,20', daily_cap: '', require_checkin: true }
    expect(bodyOf(after, before)).toEqual({
      price_per_hour: 3.2,
      daily_cap: null,
      require_checkin: true,
    })
  })

  it('leaves out what may not be empty', () => {
    const before = fieldsOf(lot)
    expect(bodyOf({ ...before, free_minutes: '' }, before)).toEqual({})
  })

  it('has the zone of the browser where the operator has set none', () => {
    expect(zoneOfNewLot('Europe/Berlin', 'America/New_York')).toBe('Europe/Berlin')
    const zone = zoneOfNewLot('UTC', 'America/New_York')
    const typed = { ...newLot(zone), name: 'A', capacity: '50', price_per_hour: '2' }
    expect(bodyOf(typed, newLot('UTC'))).toMatchObject({ timezone: 'America/New_York' })
  })

  it('is three fields for a lot of three fields', () => {
    const blank = newLot('UTC')
    const typed = { ...blank, name: ' A ', capacity: '50', price_per_hour: '2' }
    expect(bodyOf(typed, blank)).toEqual({ name: 'A', capacity: 50, price_per_hour: 2 })
  })
})

describe('two versions of a lot', () => {
  it('differ where the values do, not where only the writing does', () => {
    const typed = { ...fieldsOf(lot), price_per_hour: '2,50', name: 'Port' }
    expect(differences(typed, fieldsOf(lot))).toEqual(['name'])
  })

  it('come together: what was typed stays, the rest is as it was saved', () => {
    const before = fieldsOf(lot)
    const saved = { ...before, address: 'Quay 1', price_per_hour: '4' }
    expect(onTopOf(saved, { ...before, price_per_hour: '3,30' }, before)).toEqual({
      ...saved,
      price_per_hour: '3,30',
    })
  })
})
