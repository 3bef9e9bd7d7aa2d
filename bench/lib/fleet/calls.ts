import { HABITS } from './times.ts'

/** An access token as its client sees it. */
export interface Access {
  readonly token: string
  readonly sid: string
  readonly generation: number
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number
}

/** What came back, if anything did. */
export interface Answer {
  /** 0 where no answer came in time. */
  readonly status: number
  readonly cookie: string | undefined
  readonly access: Access | undefined
  /** When it was sent and when it was over. */
  readonly sentAt: number
  readonly doneAt: number
}

/** What goes along with a call. */
export interface Credentials {
  /** A name for the call, by which a process reports it. */
  readonly call?: string
  readonly sub?: string
  readonly cookie?: string | undefined
  readonly access?: string | undefined
}

const COOKIE = '__Host-refresh'

/** Calls of clients to the processes, with a count of those that failed. */
export class Calls {
  /** By the code of the answer; `no answer` among them. */
  readonly failures = new Map<string, number>()
  readonly ports: readonly number[]
  made = 0
  /** When they came. */
  readonly failedAt: number[] = []

  constructor(ports: readonly number[]) {
    this.ports = ports
  }

  async to(process: number, path: string, { call, sub, cookie, access }: Credentials): Promise<Answer> {
    this.made++
    const headers = {
      'sec-fetch-site': 'same-origin', // as our pages' scripts ask
      ...(call !== undefined && { 'x-call': call }),
      ...(sub !== undefined && { 'x-sub': sub }),
      ...(cookie !== undefined && { cookie: `${COOKIE}=${cookie}` }),
      ...(access !== undefined && { authorization: `Bearer ${access}` }),
    }
    const sentAt = Date.now()
    const fetched = await this.#fetch(process, path, headers).catch(() => undefined)
    if (fetched === undefined) {
      this.#failed('no answer')
      return { status: 0, cookie: undefined, access: undefined, sentAt, doneAt: Date.now() }
    }
    const { response, text } = fetched
    const { status } = response
    const body = (text === '' ? {} : JSON.parse(text)) as { code?: string; accessToken?: string }
    if (status >= 500) this.#failed(body.code ?? `${status}`)
    else if (status >= 400 && status !== 401) throw new Error(`${path} was answered with ${status} ${body.code}`)
    return {
      status,
      cookie: cookieOf(response.headers.getSetCookie()),
      access: body.accessToken === undefined ? undefined : accessOf(body.accessToken),
      sentAt,
      doneAt: Date.now(),
    }
  }

  async #fetch(process: number, path: string, headers: Record<string, string>): Promise<{ response: Response; text: string }> {
    const signal = AbortSignal.timeout(HABITS.timeout)
    const method = path === '/me' ? 'GET' : 'POST'
    const response = await fetch(`http://127.0.0.1:${this.ports[process]}${path}`, { method, headers, signal })
    return { response, text: await response.text() }
  }

  #failed(code: string): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1)
    this.failedAt.push(Date.now())
  }
}

function cookieOf(lines: readonly string[]): string | undefined {
  const line = lines.find((one) => one.startsWith(`${COOKIE}=`))
  return line?.slice(COOKIE.length + 1, line.indexOf(';'))
}

function accessOf(token: string): Access {
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  return {
    token,
    sid: String(payload['sid']),
    generation: Number(payload['gen']),
    expiresAt: Number(payload['exp']) * 1000,
  }
}
