import { createServer, type Server, type Socket } from 'node:net'

/** Addresses beginning so are refused for good the first time, and taken from then on. */
export const REFUSED_ONCE = 'refused-once'

export interface MailServer {
  port: number
  close: () => void
}

/** An SMTP server on loopback (RFC 5321, as much as a sender needs) that takes mail and hands it on, if to anybody. */
export async function startMailServer(
  took: (mail: string) => void = () => undefined,
): Promise<MailServer> {
  const known = new Set<string>()
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy())
    const welcomes = (recipient: string) => {
      const first = !known.has(recipient)
      known.add(recipient)
      return !(first && recipient.includes(REFUSED_ONCE))
    }
    converse(socket, welcomes, took)
  })
  await listening(server)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

const listening = (server: Server) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })

/** One session: commands line by line, and after DATA everything up to a lone dot. */
function converse(
  socket: Socket,
  welcomes: (recipient: string) => boolean,
  took: (mail: string) => void,
): void {
  const say = (line: string) => socket.write(`${line}\r\n`)
  let waiting = ''
  let inMail = false
  let mail: string[] = []
  say('220 mail.example ESMTP')
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    waiting += chunk
    for (let end = waiting.indexOf('\r\n'); end >= 0; end = waiting.indexOf('\r\n')) {
      const line = waiting.slice(0, end)
      waiting = waiting.slice(end + 2)
      if (!inMail) {
        say(answer(line, welcomes))
        inMail = /^data$/i.test(line)
        if (/^quit$/i.test(line)) socket.end()
      } else if (line === '.') {
        inMail = false
        took(mail.join('\n'))
        mail = []
        say('250 2.0.0 taken')
      } else {
        mail.push(line)
      }
    }
  })
}

function answer(line: string, welcomes: (recipient: string) => boolean): string {
  const command = line.slice(0, 4).toUpperCase()
  if (command === 'DATA') return '354 go on'
  if (command === 'QUIT') return '221 2.0.0 bye'
  if (command === 'RCPT' && !welcomes(line.toLowerCase())) return '550 5.1.1 no such mailbox here'
  return /^(EHLO|HELO|MAIL|RCPT|RSET|NOOP)$/.test(command) ? '250 2.0.0 ok' : '502 5.5.1 unknown'
}
