import { useI18n } from 'vue-i18n'
import type { Spot } from '@/shared/api/types'
import { lookOf } from './spotMap'

/** A spot in words, complete without seeing it: "Spot 17, available, level 1, EV charging". */
export function useSpotName() {
  const { t } = useI18n()
  const features = (spot: Spot): string[] => [
    ...(spot.level ? [t('spot.level', { level: spot.level })] : []),
    ...(spot.ev ? [t('spot.ev')] : []),
    ...(spot.accessible ? [t('spot.accessible')] : []),
    ...(spot.covered ? [t('spot.covered')] : []),
  ]
  const status = (spot: Spot): string => t(`spot.look.${lookOf(spot)}`)
  const name = (spot: Spot): string =>
    [t('spot.number', { number: spot.spot_number }), status(spot), ...features(spot)].join(', ')
  return { name, status, features }
}
