import { heatEdges } from './heat/shades'

/** Colours and patterns of the charts, taken from the page's theme so that both themes agree. */
export interface Palette {
  ink: string
  muted: string
  line: string
  surface: string
  first: string
  second: string
}

const NAMES: Record<keyof Palette, string> = {
  ink: '--pw-ink',
  muted: '--pw-muted',
  line: '--pw-line',
  surface: '--pw-surface',
  first: '--pw-reserved',
  second: '--pw-accent-text',
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const entries = Object.entries(NAMES).map(([name, variable]) => [
    name,
    style.getPropertyValue(variable).trim(),
  ])
  return Object.fromEntries(entries) as Palette
}

/** Diagonal stripes of a colour, so that a series is told from another without its colour. */
export function stripes(colour: string, ground: string): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = tile.height = 8
  const brush = tile.getContext('2d')
  if (!brush) return colour
  brush.fillStyle = ground
  brush.fillRect(0, 0, 8, 8)
  brush.strokeStyle = colour
  brush.lineWidth = 3
  brush.beginPath()
  for (const shift of [-8, 0, 8]) {
    brush.moveTo(shift, 8)
    brush.lineTo(shift + 8, 0)
  }
  brush.stroke()
  return brush.createPattern(tile, 'repeat') ?? colour
}

/** One series. `kind` of a value: a bar or point of a day that has not ended is drawn hollow. */
export interface Series {
  label: string
  values: (number | null)[]
  striped?: boolean
}

export interface ChartData {
  kind: 'line' | 'bar' | 'bar-sideways'
  /** A list is written on several lines. */
  labels: (string | string[])[]
  series: Series[]
  /** Name and unit of the value axis. */
  axis: string
  stacked?: boolean
  /** The values are numbers of things: the axis has no fractions. */
  whole?: boolean
  /** Indexes of labels whose period has not ended. */
  partial?: number[]
}

/** The picture on the page's ground, as PNG. */
export function asPng(canvas: HTMLCanvasElement, ground: string): Promise<Blob | null> {
  const copy = document.createElement('canvas')
  copy.width = canvas.width
  copy.height = canvas.height
  const brush = copy.getContext('2d')
  if (brush) {
    brush.fillStyle = ground
    brush.fillRect(0, 0, copy.width, copy.height)
    brush.drawImage(canvas, 0, 0)
  }
  return new Promise((done) => copy.toBlob(done, 'image/png'))
}

const CELL = { width: 64, height: 26, head: 72 }

/** The heat map as a picture: weekdays across, hours down, numbers in the cells. */
export function heatPicture(
  hours: (number | null)[][],
  weekdays: string[],
  hourName: (hour: number) => string,
  palette: Palette,
): HTMLCanvasElement {
  const most = heatEdges(hours).at(-1)!
  const canvas = document.createElement('canvas')
  canvas.width = CELL.head + 7 * CELL.width
  canvas.height = CELL.height * 25
  const brush = canvas.getContext('2d')
  if (!brush) return canvas
  brush.fillStyle = palette.surface
  brush.fillRect(0, 0, canvas.width, canvas.height)
  brush.font = '13px sans-serif'
  brush.textBaseline = 'middle'
  brush.textAlign = 'center'
  for (let weekday = 0; weekday < 7; weekday++) {
    const x = CELL.head + weekday * CELL.width
    brush.fillStyle = palette.ink
    brush.fillText(weekdays[weekday] ?? '', x + CELL.width / 2, CELL.height / 2)
    for (let hour = 0; hour < 24; hour++) {
      const y = (hour + 1) * CELL.height
      const percent = hours[weekday]?.[hour] ?? null
      const strength = (percent ?? 0) / most
      brush.globalAlpha = strength
      brush.fillStyle = palette.first
      brush.fillRect(x + 1, y + 1, CELL.width - 2, CELL.height - 2)
      brush.globalAlpha = 1
      brush.fillStyle = strength > 0.55 ? palette.surface : palette.ink
      const text = percent === null ? '–' : String(Math.round(percent))
      brush.fillText(text, x + CELL.width / 2, y + CELL.height / 2)
    }
  }
  brush.fillStyle = palette.ink
  for (let hour = 0; hour < 24; hour++)
    brush.fillText(hourName(hour), CELL.head / 2, (hour + 1.5) * CELL.height)
  return canvas
}
