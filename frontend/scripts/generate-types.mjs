// Writes src/shared/api/api-types.ts, the API's JSON shapes, from the document the backend itself writes.
// Usage: npm run types              asks the backend's code; no server need run
//        npm run types -- --check   only says whether the file is what the backend's document says
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'
import { apiDocument } from './api-document.mjs'

const target = new URL('../src/shared/api/api-types.ts', import.meta.url)
const HEAD = '// Made by `npm run types` from the API’s OpenAPI document. Not to be edited.\n\n'

const { openapi, info, components } = apiDocument()
// What is said over the wire; the addresses are written out where they are called (features/*/api.ts).
// Examples are days to come, so they differ from day to day.
const withoutExamples = (key, value) => (key === 'examples' ? undefined : value)
const schemas = JSON.parse(JSON.stringify(components.schemas, withoutExamples))
const shapes = { openapi, info, paths: {}, components: { schemas } }
const text = HEAD + astToString(await openapiTS(shapes))

if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (readFileSync(target, 'utf8') !== text) {
  console.error(
    'src/shared/api/api-types.ts is not what the API’s document says. Run `npm run types`.',
  )
  process.exitCode = 1
}
