import { ref } from 'vue'

/** How CSV files are written (`format` of POST /api/exports); `auto`: as the language of the account writes. */
export const CSV_FORMATS = ['auto', 'comma', 'semicolon', 'machine'] as const
export type CsvFormat = (typeof CSV_FORMATS)[number]

/** The format that the account has chosen, for every file of the page; the session sets it. */
export const csvFormat = ref<CsvFormat>('auto')
