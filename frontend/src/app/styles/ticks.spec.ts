import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (name: string) => readFileSync(new URL(name, `file://${__dirname}/`), 'utf8')
const forms = read('forms.css')
const dark = read('tokens.css').split("[data-bs-theme='dark'] {")[1]!

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

describe('the tick of a checkbox and the dot of a radio button in dark colours', () => {
  const field = /--pw-accent-text: (#\w{6})/.exec(dark)![1]!

  it.each(['checkbox', 'radio'])('of a %s can be seen', (type) => {
    const rule = forms.split(`.form-check-input:checked[type='${type}'] {`)[1]!.split('}')[0]!
    const sign = /%23(\w{6})/.exec(rule)![1]!
    expect(contrast(field, `#${sign}`)).toBeGreaterThanOrEqual(3)
    expect(contrast(field, '#ffffff')).toBeLessThan(3) // as Bootstrap has it
  })
})
