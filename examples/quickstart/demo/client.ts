/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The parsed body; empty when there was none. */
  readonly body: Readonly<Record<string, unknown>>
}

/** A browser or an app, as far as a session goes: it keeps cookies and the last access token. */
export class Client {
  readonly #origin: string
  readonly #agent: string
  readonly #cookies = new Map<string, string>()
  accessToken: string | undefined

  constructor(origin: string, agent: string) {
    this.#origin = origin
    this.#agent = agent
  }

  /** The refresh token, which scripts in a page could not see. */
  get refreshToken(): string | undefined {
    return this.#cookies.get('refresh')
  }

  /** Another one with the same tokens: a second tab, or a thief. */
  copy(agent = this.#agent): Client {
    const copy = new Client(this.#origin, agent)
    for (const [name, value] of this.#cookies) copy.#cookies.set(name, value)
    copy.accessToken = this.accessToken
    return copy
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path)
  }

  post(path: string, body?: object, signal?: AbortSignal): Promise<Answer> {
    return this.send('POST', path, body, signal)
  }

  async send(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Answer> {
    const headers = new Headers({ 'user-agent': this.#agent })
    if (body !== undefined) headers.set('content-type', 'application/json')
    if (this.accessToken !== undefined) headers.set('authorization', `Bearer ${this.accessToken}`)
    if (this.#cookies.size > 0) headers.set('cookie', [...this.#cookies].map((pair) => pair.join('=')).join('; '))
    const sent = { method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null }
    const response = await fetch(this.#origin + path, sent)
    const text = await response.text()
    const answer = {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
    }
    this.#keep(answer)
    return answer
  }

  #keep({ headers, body }: Answer): void {
    for (const line of headers.getSetCookie()) {
      const [, name, value, attributes] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? []
      if (name === undefined || value === undefined) continue
      if (/; Max-Age=0(;|$)/.test(attributes ?? '')) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    if (typeof body['accessToken'] === 'string') this.accessToken = body['accessToken']
  }
}
