import { startMailServer, type MailServer } from './mailServer.ts'
import { startProduct, type Product } from './product.ts'
import { expect, test } from './test.ts'

/** The tests beside this call run on a product of their own, with these settings. Its mails come here. */
export function useOwnProduct(env: Record<string, string>) {
  const mails: string[] = []
  const others = process.env.E2E_URL
  let server: MailServer
  let product: Product

  test.beforeAll(async () => {
    server = await startMailServer((mail) => mails.push(mail))
    product = await startProduct({ mailPort: server.port, env })
    process.env.E2E_URL = product.url
  })
  test.afterAll(async () => {
    process.env.E2E_URL = others
    await product.stop()
    server.close()
  })

  const mailsTo = (address: string) => mails.filter((mail) => mail.includes(address))

  /** The link like this in the last mail to this address, once it has come; quoted-printable breaks its lines. */
  async function linkTo(address: string, link: RegExp): Promise<string> {
    const find = () => {
      const text = mailsTo(address).at(-1) ?? ''
      return link.exec(text.replaceAll('=\n', '').replaceAll('=3D', '='))?.[0] ?? ''
    }
    await expect.poll(find).not.toBe('')
    return find()
  }
  return { url: () => product.url, mailsTo, linkTo }
}
