import { request as plainRequest, Agent as PlainAgent, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { nameOf, type AllowedHost } from './allow-list.ts'
import { addressRefused, guardedLookup, mayBeAsked, type Resolve } from './lookup.ts'
import { failed, OutboundError } from './outbound-error.ts'

/** One request as it is sent; redirects make further ones. */
export interface Outgoing {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: string | Uint8Array | undefined
}

/** A whole answer. */
export interface Incoming {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/** What is the same for all requests of one `SafeFetch`. */
export interface Transport {
  readonly resolve: Resolve
  readonly maxBytes: number
  readonly tls: () => OutboundTls
}

/** Whom to believe, and who we are. */
export type OutboundTls = Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'minVersion'> & {
  /** In place of the others: already compiled, as `createTls` keeps it. */
  readonly secureContext?: SecureContext | undefined
}

/** Sends a request and reads the answer to its end. */
export function exchange(
  { url, method, headers, body }: Outgoing,
  host: AllowedHost,
  { resolve, maxBytes, tls }: Transport,
  signal: AbortSignal,
): Promise<Incoming> {
  const name = nameOf(url)
  if (isIP(name) !== 0 && !mayBeAsked(name, host.privateNetwork)) return Promise.reject(addressRefused(name))
  return new Promise((done, fail) => {
    const options = {
      hostname: name,
      port: url.port === '' ? undefined : url.port,
      path: url.pathname + url.search,
      method,
      headers: Object.fromEntries(headers),
      signal,
      lookup: guardedLookup(resolve, host.privateNetwork),
    }
    let sent: ClientRequest
    try {
      if (url.protocol === 'http:') sent = plainRequest({ ...options, agent: new PlainAgent() })
      else {
        const { ca, cert, key, minVersion, secureContext } = tls()
        // An agent of its own: no proxy from the environment, which would resolve the name itself, and no connection or TLS
        // session from before a certificate changed. Certificates are checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
        const ours = secureContext === undefined ? { ca, cert, key, minVersion } : { secureContext }
        sent = tlsRequest({ ...options, ...ours, agent: new Agent({ maxCachedSessions: 0 }), rejectUnauthorized: true })
      }
    } catch (error) {
      fail(failed(name, error))
      return
    }
    const give = (error: unknown): void => {
      fail(signal.aborted ? signal.reason : failed(name, error))
      sent.destroy()
    }
    sent.on('error', give)
    // The last word, when there was none before, as after an answer that switches protocols: the promise must settle.
    let answered = false
    sent.on('close', () => answered || give(undefined))
    sent.on('response', (answer) => {
      answered = true
      read(answer, name, maxBytes).then((whole) => {
        done(whole)
        sent.destroy() // a server that goes on sending after the end of its answer
      }, give)
    })
    sent.end(body)
  })
}

async function read(answer: IncomingMessage, name: string, maxBytes: number): Promise<Incoming> {
  const tooLarge = (): OutboundError =>
    new OutboundError('outbound_too_large', `${name}: the answer is longer than ${maxBytes} bytes`)
  const announced = Number(answer.headers['content-length'] ?? 0)
  // To HEAD it says how long another answer would be.
  if (announced > maxBytes && !bodiless(answer)) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return { status: answer.statusCode ?? 0, headers: headersOf(answer), body: Buffer.concat(chunks) }
}

function bodiless(answer: IncomingMessage): boolean {
  const { method } = (answer as IncomingMessage & { readonly req: ClientRequest }).req
  return method === 'HEAD' || answer.statusCode === 204 || answer.statusCode === 304
}

function headersOf(answer: IncomingMessage): Headers {
  const headers = new Headers()
  const raw = answer.rawHeaders
  for (let i = 0; i < raw.length; i += 2) headers.append(raw[i] ?? '', raw[i + 1] ?? '')
  return headers
}
