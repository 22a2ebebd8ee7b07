import { useI18n } from 'vue-i18n'

/** "3rd", "3.": a place in a queue as the language writes it. */
export function useOrdinal() {
  const { t, locale } = useI18n()
  return (place: number): string => {
    const form = new Intl.PluralRules(locale.value, { type: 'ordinal' }).select(place)
    return t(`waitlist.ordinal.${form}`, { n: place })
  }
}
