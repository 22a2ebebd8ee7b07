import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { defineComponent } from 'vue'
import type { Tariff } from '@/shared/api/types'
import { i18n, setLocale } from '@/shared/format/i18n'
import { useTariffText } from './useTariffText'

const tariff = (values: Partial<Tariff>): Tariff => ({
  id: 1,
  price_per_hour: 2.8,
  billing_step_seconds: 1,
  free_minutes: 0,
  daily_cap: null,
  cap_day: 'rolling',
  ...values,
})

async function line(locale: 'en' | 'de', values: Partial<Tariff>, currency = 'EUR') {
  await setLocale(locale)
  let text = ''
  const Line = defineComponent(() => {
    text = useTariffText().line(tariff(values), currency)
    return () => null
  })
  mount(Line, { global: { plugins: [i18n] } })
  return text.replaceAll(/[\u00a0\u202f]/g, ' ')
}

/** The same examples as the mails' (backend/tests/pricing/test_texts.py). */
describe('a tariff in one line', () => {
  it.each([
    [
      { billing_step_seconds: 900, daily_cap: 18, free_minutes: 15 },
      '€2.80/h · billed per 15 min · max €18/day · up to 15 min free',
      '2,80 €/Std. · je angefangene 15 Min. · max. 18 €/Tag · bis 15 Min. kostenlos',
    ],
    [{ price_per_hour: 3 }, '€3/h · billed by the second', '3 €/Std. · sekundengenau abgerechnet'],
    [{ price_per_hour: 0, daily_cap: 18 }, 'Free of charge', 'Kostenlos'],
    [
      { billing_step_seconds: 3600, daily_cap: 18.5, cap_day: 'calendar' as const },
      '€2.80/h · billed by the hour · max €18.50/calendar day',
      '2,80 €/Std. · je angefangene Stunde · max. 18,50 €/Kalendertag',
    ],
    [
      { billing_step_seconds: 60 },
      '€2.80/h · billed by the minute',
      '2,80 €/Std. · minutengenau abgerechnet',
    ],
  ])('%o', async (values, english, german) => {
    expect(await line('en', values)).toBe(english)
    expect(await line('de', values)).toBe(german)
  })

  it('writes other currencies as the rest of the page does', async () => {
    expect(await line('en', { price_per_hour: 300 }, 'JPY')).toBe('¥300/h · billed by the second')
    expect(await line('en', { price_per_hour: 300 }, 'X-1')).toBe(
      '300.00 X-1/h · billed by the second',
    )
  })
})
