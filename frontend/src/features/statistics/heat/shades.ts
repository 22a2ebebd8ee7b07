/** The shades of the heat map. They reach up to the highest of its numbers, so that quiet weeks show their shape, too. */
const SHADES = 5

/** The highest whole per cent of each shade from the second on; the first is for 0. */
export function heatEdges(hours: readonly (readonly (number | null)[])[]): number[] {
  const most = Math.max(SHADES, ...hours.flat().map((percent) => Math.round(percent ?? 0)))
  return Array.from({ length: SHADES }, (_, n) => Math.round((most * (n + 1)) / SHADES))
}

/** The shade of a cell, by the number that it shows: 0 for nothing, 5 for the most. */
export function heatLevel(percent: number, edges: readonly number[]): number {
  const whole = Math.round(percent)
  return whole === 0 ? 0 : edges.findIndex((edge) => whole <= edge) + 1
}

/** Each shade as the legend says it: "0", "1–2", … */
export function heatBands(edges: readonly number[]): string[] {
  const bands = edges.map((edge, n) => {
    const low = n ? edges[n - 1]! + 1 : 1
    return low === edge ? `${edge}` : `${low}–${edge}`
  })
  return ['0', ...bands]
}
