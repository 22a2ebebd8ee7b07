import { ref, watch } from 'vue'

/** How CSV files are written (`format` of POST /api/exports); `auto`: as the language of the account writes. */
export const CSV_FORMATS = ['auto', 'comma', 'semicolon', 'machine'] as const
export type CsvFormat = (typeof CSV_FORMATS)[number]

const KEY = 'pw-csv-format'
const stored = localStorage.getItem(KEY)

/** The format this browser chose last, for every file of the page. */
export const csvFormat = ref<CsvFormat>(CSV_FORMATS.find((format) => format === stored) ?? 'auto')
watch(csvFormat, (format) => localStorage.setItem(KEY, format))
