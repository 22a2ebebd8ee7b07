import type { Spot } from '@/shared/api/types'

/**
 * The numbers of the spots that a smaller capacity takes, by the server's rule: the highest-numbered ones without a
 * booking, now or to come. Fewer than asked for when the others are booked: then the server refuses.
 */
export function removedSpots(
  spots: readonly Pick<Spot, 'spot_number' | 'status' | 'reservations'>[],
  capacity: number,
): number[] {
  const free = spots
    .filter(({ status, reservations }) => status === 'Available' && !reservations.length)
    .map((spot) => spot.spot_number)
  const surplus = Math.max(0, spots.length - capacity)
  return free
    .sort((a, b) => b - a)
    .slice(0, surplus)
    .reverse()
}

/** Numbers in order as ranges: "3, 10–12". */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const n of numbers) {
    const last = ranges.at(-1)
    if (last && n === last[1] + 1) last[1] = n
    else ranges.push([n, n])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ')
}
