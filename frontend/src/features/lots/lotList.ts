import type { Lot } from '@/shared/api/types'

export type LotSort = 'recent' | 'near' | 'free' | 'price' | 'name'

/** A place on earth, in degrees; null where it is not known. */
export type Position = Pick<Lot, 'latitude' | 'longitude'>

/** As the server compares names (parking/text/names.py): letters that Unicode does not take apart, and umlauts. */
const LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  þ: 'th',
}
const UMLAUTS: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ø: 'oe', å: 'aa' }

const fold = (text: string) =>
  text
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\p{Diacritic}'’‘′]/gu, '')
    .replace(/./gu, (letter) => LETTERS[letter] ?? letter)

const spellOut = (text: string) =>
  fold(
    text
      .toLowerCase()
      .normalize('NFC')
      .replace(/./gu, (letter) => UMLAUTS[letter] ?? letter),
  )

/**
 * Lots whose name or address contains every word typed; case, accents and apostrophes do not matter, nor
 * whether an umlaut is spelled out.
 */
export function searchLots(lots: Lot[], words: string): Lot[] {
  const terms = words.split(/\s+/).filter(Boolean)
  const spellings = terms.map((word) => [fold(word), spellOut(word)])
  return lots.filter((lot) => {
    const address = `${lot.name} ${lot.address ?? ''}`
    const text = `${fold(address)} ${spellOut(address)}`
    return spellings.every((word) => word.some((spelling) => text.includes(spelling)))
  })
}

/**
 * Sorted copy; `recentIds` are the lots last used, newest first; `here` is where the user is, for the
 * nearest first. Full lots come last when sorted by use, lots without a position when sorted by distance.
 */
export function sortLots(
  lots: Lot[],
  by: LotSort,
  recentIds: number[],
  here: Position | null = null,
): Lot[] {
  const rank = (lot: Lot) => {
    const place = recentIds.indexOf(lot.id)
    return place < 0 ? recentIds.length : place
  }
  const away = (lot: Lot) => (here && distanceKm(here, lot)) ?? 1e9
  const compare: Record<LotSort, (a: Lot, b: Lot) => number> = {
    recent: (a, b) => rank(a) - rank(b) || b.available_spots - a.available_spots,
    near: (a, b) => away(a) - away(b),
    free: (a, b) => b.available_spots - a.available_spots,
    price: (a, b) => a.price_per_hour - b.price_per_hour,
    name: () => 0,
  }
  return [...lots].sort((a, b) => compare[by](a, b) || a.name.localeCompare(b.name) || a.id - b.id)
}

/** Kilometres between two places as the crow flies; null when a position is missing. */
export function distanceKm(a: Position, b: Position): number | null {
  if (a.latitude === null || a.longitude === null || b.latitude === null || b.longitude === null)
    return null
  const rad = Math.PI / 180
  const dLat = (b.latitude - a.latitude) * rad
  const dLon = (b.longitude - a.longitude) * rad
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(dLon / 2) ** 2
  return 2 * 6371 * Math.asin(Math.sqrt(h))
}

/** The lot to send someone to when `full` is full: the nearest with room, else the one with most room. */
export function nextBest(full: Lot, lots: Lot[]): Lot | null {
  const open = lots.filter((lot) => lot.id !== full.id && lot.available_spots > 0)
  const score = (lot: Lot) => distanceKm(full, lot) ?? Number.POSITIVE_INFINITY
  const sorted = open.sort((a, b) => {
    const nearer = score(a) - score(b)
    return Number.isNaN(nearer) || nearer === 0 ? b.available_spots - a.available_spots : nearer
  })
  return sorted[0] ?? null
}
