import { beforeAll, expect, it } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import { errorLines, wordsOf } from './csvErrors'

const faults = [
  { line: 3, column: 'capacity', reason: 'at_most', values: { n: 10000 } },
  { line: 3, column: 'timezone', heading: 'Zeitzone', reason: 'zone', values: {} },
  { line: null, column: null, reason: 'of tomorrow', values: {} },
]
const refused = new ApiError(422, 'invalid', 'Wrong.', {}, null, null, { faults })
const german = (n: number) => n.toLocaleString('de')
const messages = () =>
  errorLines(refused).map(({ line, errors }) => [
    line,
    ...errors.map((error) => i18n.global.t(...wordsOf(error, german, (column) => column))),
  ])

beforeAll(() => useTexts('features/lots/admin'))

it('says what is wrong in the reader’s language, line by line', async () => {
  await setLocale('de')
  expect(messages()).toEqual([
    [3, 'capacity ist größer als 10.000', 'Zeitzone ist keine Zeitzone wie Europe/Berlin'],
    [null, ' ist falsch'],
  ])
})

it('has no lines when something else went wrong', () => {
  expect(errorLines(new ApiError(503, 'unavailable', 'Later.'))).toEqual([])
  expect(errorLines(null)).toEqual([])
})
