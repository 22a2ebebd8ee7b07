import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ADMIN = { email: 'carol@example.com', password: 'carol-has-the-keys' }
const BACKEND = fileURLToPath(new URL('../../../backend/', import.meta.url))
const START_SECONDS = 180
const STOP_SECONDS = 30

export interface Product {
  url: string
  /** Everything it printed, in a file. */
  log: string
  stop: () => Promise<void>
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function ready(url: string, child: ChildProcess, log: string): Promise<void> {
  for (let second = 0; second < START_SECONDS * 2; second++) {
    if (child.exitCode !== null)
      throw new Error(`The product did not start; its lines are in ${log}.`)
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`The product was not ready after ${START_SECONDS} s; its lines are in ${log}.`)
}

/** Starts the product as `make run` does, with a data folder and a port of its own. */
export async function startProduct(
  options: { demo?: boolean; mailPort?: number; env?: Record<string, string> } = {},
): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'parking-e2e-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log = join(tmpdir(), `parking-e2e-${port}.log`)
  const python = process.env.PYTHON ?? join(BACKEND, '.venv/bin/python')
  const argumentsOf = ['-m', 'launch', '--with-parent', ...(options.demo ? ['--demo'] : [])]
  const child = spawn(python, argumentsOf, {
    cwd: BACKEND,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DATA_DIR: folder,
      EXPORT_DIR: join(folder, 'exports'),
      PORT: String(port),
      HOST: '127.0.0.1',
      PUBLIC_URL: url,
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      RATE_LIMITS: 'off',
      TIMEZONE: 'Europe/Berlin',
      WEB_WORKERS: '1',
      WORKER_CONCURRENCY: '1',
      ...(options.mailPort && {
        SMTP_HOST: '127.0.0.1',
        SMTP_PORT: String(options.mailPort),
        SMTP_TLS: 'none',
        MAIL_FROM: 'parking@example.com',
      }),
      ...options.env,
    },
  })
  const lines = createWriteStream(log)
  child.stdout.pipe(lines)
  child.stderr.pipe(lines)

  const stop = async () => {
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000)
      await ended
      clearTimeout(late)
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await ready(url, child, log)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, log, stop }
}
