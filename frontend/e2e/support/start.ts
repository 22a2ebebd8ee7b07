import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startMailServer } from './mailServer.ts'
import { startProduct } from './product.ts'

/** One product for the whole run. E2E_URL names one that runs already (its administrator must be ours). */
export default async function start(): Promise<(() => Promise<void>) | void> {
  if (process.env.E2E_URL) return
  const page = fileURLToPath(new URL('../../dist/index.html', import.meta.url))
  if (!existsSync(page)) throw new Error('There is no built page. Run `npm run build` first.')
  const mail = await startMailServer()
  const product = await startProduct({ mailPort: mail.port })
  process.env.E2E_URL = product.url
  return async () => {
    await product.stop()
    mail.close()
  }
}
