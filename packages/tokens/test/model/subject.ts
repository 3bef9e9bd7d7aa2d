import { secret, secretRing } from '@wardstone/core'
import { RequestState, type HttpContext, type Reply } from '@wardstone/http'
import { createSessionEndpoints } from '@wardstone/tokens/http'
import { createTokenService, hmacKeys, type Refreshed, type RefreshRefused, type TokenService } from '@wardstone/tokens'
import { decodeRefresh, encodeRefresh, refreshRing, type SignedRefresh } from '../../src/lib/refresh/wire.ts'
import { step } from '../../src/lib/refresh/step.ts'
import { MemoryStore } from '../../src/lib/sessions/memory-store.ts'
import type { Expected } from './reference.ts'

const ring = secretRing({ current: secret('9Fh3xT0qzL5cVt8mW1pYkR7nB4sD6gJaE2uXoHiQwZk') })
const keys = hmacKeys(secretRing({ current: secret('Lk7Qw2Zr9Tn4Bv6Xc1Ms8Pd3Gh5Jf0YaUeIoRtKqWzE') }))

/** How the part under test may be built wrongly on purpose. */
export interface Variant {
  readonly step?: typeof step | undefined
  /** Changes the answer on its way to the client. */
  readonly answer?: ((reply: Reply, result: Refreshed | RefreshRefused) => Reply) | undefined
}

/** A session of the real service behind its real endpoint, over a memory store and a clock in the test's hand. */
export class Subject {
  readonly tokens: TokenService<{ readonly roles: readonly string[] }>
  loader: 'answers' | 'throws' | 'null' = 'answers'
  #now: number
  readonly #refresh: (ctx: HttpContext) => Promise<Reply>
  readonly #variant: Variant
  #last: Refreshed | RefreshRefused | undefined
  #parts: SignedRefresh | undefined
  /** Every generation's token as it was first seen: it must never be seen otherwise. */
  readonly #seen = new Map<number, string>()
  /** The latest access token and what it names. */
  access: { readonly token: string; readonly generation: number; readonly madeAt: number } | undefined

  constructor(start: number, lossy: boolean, variant: Variant = {}) {
    this.#now = start
    this.#variant = variant
    const now = (): number => this.#now
    this.tokens = createTokenService({
      issuer: 'https://issuer.example',
      audience: 'https://api.example',
      keys,
      secrets: ring,
      store: new MemoryStore(now, variant.step, lossy),
      claims: () => this.#claims(),
      now,
    })
    const observed = new Proxy(this.tokens, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (name === 'now' || typeof member !== 'function') return member
        if (name !== 'refresh') return member.bind(target)
        return async (token: string) => (this.#last = await target.refresh(token))
      },
    })
    const endpoints = createSessionEndpoints({ tokens: observed, cookie: { secure: false } })
    this.#refresh = async (ctx) => endpoints.refresh(ctx, undefined)
  }

  async begin(): Promise<void> {
    const issued = await this.tokens.issue({ sub: 'somebody' })
    if (!issued.ok) throw new Error(issued.code)
    this.#parts = decodeRefresh(issued.refreshToken, refreshRing(ring, 'https://issuer.example')) as SignedRefresh
    this.#seen.set(0, issued.refreshToken)
    this.access = { token: issued.accessToken, generation: 0, madeAt: this.#now }
  }

  get sid(): string {
    return (this.#parts as SignedRefresh).sid
  }

  advance(ms: number): void {
    this.#now += ms
  }

  /** Presents the token of a generation: one that was seen, or one that only the service could have made. */
  async refresh(generation: number): Promise<Expected> {
    const parts = this.#parts as SignedRefresh
    const token =
      this.#seen.get(generation) ?? encodeRefresh({ ...parts, generation }, refreshRing(ring, 'https://issuer.example').current())
    const reply = await this.#refresh(contextWith(`refresh=${token}`))
    const result = this.#last as Refreshed | RefreshRefused
    const answer = this.#variant.answer?.(reply, result) ?? reply
    return {
      status: answer.status as Expected['status'],
      outcome: result.ok ? result.kind : result.code,
      cookie: this.#readCookie(answer),
      access: this.#readAccess(answer),
    }
  }

  #readCookie(reply: Reply): number | undefined {
    const line = reply.headers?.find(([name]) => name === 'set-cookie')?.[1]
    const token = line === undefined ? undefined : /^refresh=([^;]+)/.exec(line)?.[1]
    if (token === undefined) return undefined
    const { generation } = decodeRefresh(token, refreshRing(ring, 'https://issuer.example')) as SignedRefresh
    const first = this.#seen.get(generation)
    if (first !== undefined && first !== token) throw new Error(`generation ${generation} has two tokens`)
    this.#seen.set(generation, token)
    return generation
  }

  #readAccess(reply: Reply): number | undefined {
    const { accessToken } = JSON.parse(String(reply.body)) as { accessToken?: string }
    if (accessToken === undefined) return undefined
    const verified = this.tokens.verifyNow(accessToken, { confirm: false })
    if (!verified.ok) throw new Error(`a new access token is refused: ${verified.code}`)
    this.access = { token: accessToken, generation: verified.gen, madeAt: this.#now }
    return verified.gen
  }

  #claims(): { readonly roles: readonly string[] } | null {
    if (this.loader === 'throws') throw new Error('the database is away')
    return this.loader === 'null' ? null : { roles: ['user'] }
  }
}

function contextWith(cookie: string): HttpContext {
  return {
    method: 'POST',
    path: '/auth/refresh',
    route: '/auth/refresh',
    ip: '192.0.2.1',
    secure: false,
    header: () => undefined,
    cookie: (name) => (cookie.startsWith(`${name}=`) ? cookie.slice(name.length + 1) : undefined),
    param: () => undefined,
    state: new RequestState(),
    raw: undefined,
  }
}
