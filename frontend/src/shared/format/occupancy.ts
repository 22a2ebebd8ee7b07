import type { SpotCounts } from '@/shared/api/types'

/** Spots that are not out of service. */
export function inService(counts: Pick<SpotCounts, 'capacity' | 'out_of_service_spots'>): number {
  return counts.capacity - counts.out_of_service_spots
}

/** Occupied ÷ in service, from 0 to 1: the one meaning of occupancy, as in the statistics. */
export function occupancyOf(
  counts: Pick<SpotCounts, 'capacity' | 'occupied_spots' | 'out_of_service_spots'>,
): number {
  const usable = inService(counts)
  return usable > 0 ? Math.min(1, counts.occupied_spots / usable) : 0
}
