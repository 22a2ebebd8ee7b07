// Writes src/shared/api-types.ts, the API's JSON shapes, from the document the backend itself writes.
// Usage: npm run types              asks the backend's code; no server need run
//        npm run types -- --check   only says whether the file is what the backend's document says
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

const backend = fileURLToPath(new URL('../../backend/', import.meta.url))
const target = new URL('../src/shared/api-types.ts', import.meta.url)
const HEAD = '// Made by `npm run types` from the API’s OpenAPI document. Not to be edited.\n\n'

/** The document of a fresh installation: nobody's settings, a data folder that is gone afterwards. */
function apiDocument() {
  const folder = mkdtempSync(join(tmpdir(), 'parking-types-'))
  try {
    const python = process.env.PYTHON ?? join(backend, '.venv/bin/python')
    const env = { PATH: process.env.PATH, DATA_DIR: folder, ENV_FILE: devNull }
    const file = join(folder, 'openapi.json')
    execFileSync(python, ['-m', 'flask', 'spec', '--quiet', '--output', file], {
      cwd: backend,
      env,
    })
    return JSON.parse(readFileSync(file, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const { openapi, info, components } = apiDocument()
// What is said over the wire; the addresses are written out where they are called (features/*/api.ts).
const shapes = { openapi, info, paths: {}, components: { schemas: components.schemas } }
const text = HEAD + astToString(await openapiTS(shapes))

if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/shared/api-types.ts is not what the API’s document says. Run `npm run types`.')
  process.exitCode = 1
}
