import { expect, it } from 'vitest'
import { spotNumbers } from './spotNumbers'

it.each([
  ['7', [7]],
  ['3, 10-12', [3, 10, 11, 12]],
  [' 12 – 10 ', null],
  ['10–12; 3,11', [3, 10, 11, 12]],
  ['', null],
  ['3,', null],
  ['0-2', null],
  ['1-1000', Array.from({ length: 1000 }, (_, n) => n + 1)],
  ['1-1001', null],
  ['1-600, 601-1200', null],
  ['all', null],
])('reads %j', (text, numbers) => {
  expect(spotNumbers(text)).toEqual(numbers)
})
