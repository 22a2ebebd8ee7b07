import { readFileSync } from 'node:fs'
import { startProduct, type Product } from '../support/product.ts'

const LOGINS = /Administrator: (\S+) +Driver: (\S+) +Password of all accounts: (\S+)/
const PATIENCE_SECONDS = 900

async function logins(product: Product): Promise<RegExpExecArray> {
  for (let second = 0; second < PATIENCE_SECONDS; second++) {
    const match = LOGINS.exec(readFileSync(product.log, 'utf8'))
    if (match) return match
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  throw new Error(`No demonstration data after ${PATIENCE_SECONDS} s; see ${product.log}.`)
}

/** The product with demonstration data; its logins are passed on to the pictures. */
export default async function start(): Promise<() => Promise<void>> {
  const product = await startProduct({ demo: true })
  try {
    const [, admin, driver, password] = await logins(product)
    Object.assign(process.env, {
      E2E_URL: product.url,
      DEMO_ADMIN: admin,
      DEMO_DRIVER: driver,
      DEMO_PASSWORD: password,
    })
  } catch (error) {
    await product.stop()
    throw error
  }
  return product.stop
}
