import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, request, type RequestOptions } from 'node:https'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { createTls, type Tls, type TlsEvent, type TlsOptions } from '@wardstone/http/tls'
import { onTestFinished } from 'vitest'
import { authority, type Issued } from '../../core/test/certificates.ts'

export const ca = authority()
/** A certificate of a server on the loopback interface. */
export const serverCert = (until?: number): Issued =>
  ca.issue({ name: 'server', ips: ['127.0.0.1'], dns: ['a.test'], ...(until && { until }) })

/** A folder with a pair, as deployments write it. */
export interface Folder {
  readonly paths: { readonly cert: string; readonly key: string }
  write(pair: Partial<Issued>): void
  /** As Kubernetes exchanges a mounted secret: a link to the folder of the pair is renamed over the one before. */
  swap(pair: Issued): void
}

export function folder(first: Issued): Folder {
  const root = mkdtempSync(join(tmpdir(), 'wardstone-tls-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  let version = 0
  const files = { cert: join(root, 'data/tls.crt'), key: join(root, 'data/tls.key') }
  const made: Folder = {
    paths: files,
    write({ cert, key }) {
      if (cert !== undefined) writeFileSync(files.cert, cert)
      if (key !== undefined) writeFileSync(files.key, key)
    },
    swap({ cert, key }) {
      const next = mkdtempSync(join(root, `v${++version}-`))
      writeFileSync(join(next, 'tls.crt'), cert)
      writeFileSync(join(next, 'tls.key'), key)
      symlinkSync(next, join(root, 'data.new'))
      renameSync(join(root, 'data.new'), join(root, 'data'))
    },
  }
  made.swap(first)
  return made
}

/** `createTls` that is closed with the test, with what it reports. */
export function tlsOf(options: TlsOptions): { readonly tls: Tls; readonly events: TlsEvent[] } {
  const events: TlsEvent[] = []
  const tls = createTls({ reload: false, events: (event) => void events.push(event), ...options })
  onTestFinished(() => tls.close())
  return { tls, events }
}

export async function serve(tls: Tls, listener: RequestListener = (_request, response) => response.end('ok')): Promise<number> {
  return listening(tls.attach(createServer(tls.options, listener)))
}

export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** One request on a connection of its own, unless an agent says otherwise. */
export async function ask(port: number, options: RequestOptions = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, ca: ca.cert, agent: false, ...options }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of answer) body += String(chunk)
  return { status: answer.statusCode ?? 0, body }
}

/** A handshake to its end; resolves with the socket, which ends with the test. */
export async function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: ca.cert, ...options })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** The fingerprint of what the server shows to a new connection. */
export async function shown(port: number): Promise<string> {
  const socket = await shake(port)
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}
