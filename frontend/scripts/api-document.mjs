import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const backend = fileURLToPath(new URL('../../backend/', import.meta.url))

/** The document of a fresh installation: nobody's settings, a data folder that is gone afterwards. */
export function apiDocument() {
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
