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
  /** Also its `User-Agent`. */
  readonly name: string
  readonly #cookies = new Map<string, string>()
  accessToken: string | undefined

  constructor(origin: string, name: string) {
    this.#origin = origin
    this.name = name
  }

  /** The refresh token. In a browser no script could see it. */
  get refreshToken(): string | undefined {
    return this.#cookies.get('refresh')
  }

  /** Another one with the same tokens: a second tab, or a thief. */
  copy(name = this.name): Client {
    const copy = new Client(this.#origin, name)
    for (const [cookie, value] of this.#cookies) copy.#cookies.set(cookie, value)
    copy.accessToken = this.accessToken
    return copy
  }

  /**
   * Sends a request and keeps the tokens that come back.
   *
   * @param request - method and path, such as `GET /me`
   */
  async send(request: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const [method = '', path = ''] = request.split(' ')
    const headers = new Headers({ 'user-agent': this.name })
    if (body !== undefined) headers.set('content-type', 'application/json')
    if (this.accessToken !== undefined) headers.set('authorization', `Bearer ${this.accessToken}`)
    if (this.#cookies.size > 0) headers.set('cookie', [...this.#cookies].map((pair) => pair.join('=')).join('; '))
    const content = body === undefined ? null : JSON.stringify(body)
    const response = await fetch(this.#origin + path, { method, headers, body: content, signal: signal ?? null })
    const text = await response.text()
    const answer: Answer = {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
    }
    this.#keep(answer)
    return answer
  }

  #keep({ headers, body }: Answer): void {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (line.includes('; Max-Age=0;')) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    if (typeof body['accessToken'] === 'string') this.accessToken = body['accessToken']
  }
}
