import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import english from '@/features/help/locales/en.json'
import { TERMS } from '@/features/help/terms'
import GlossaryList from './GlossaryList.vue'

beforeAll(() => useTexts('features/help'))

describe('the glossary', () => {
  it('lists every term that has a sentence, once', () => {
    const listed = Object.values(TERMS).flat()
    expect([...listed].sort()).toEqual(Object.keys(english.glossary.term).sort())
  })

  it.each([
    ['en', ['Lot (parking lot)', 'Spot', 'Walk-in']],
    ['de', ['Parkplatz', 'Sofortbuchung', 'Stellplatz']],
  ] as const)('is in alphabetical order in %s', async (locale, names) => {
    await setLocale(locale)
    const list = mount(GlossaryList, {
      props: { terms: ['walkIn', 'lot', 'spot'] },
      global: { plugins: [i18n] },
    })
    expect(list.findAll('dt').map((name) => name.text())).toEqual(names)
    expect(list.find('#lot dd').text()).not.toBe('')
  })
})
