import { createHmac, createSecretKey, hash, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { forget, InvalidArgumentError, type OptionReader, type Secret, type SecretRing } from '@wardstone/core'
import type { HttpContext } from '../context.ts'
import { hasCookie } from '../cookie.ts'
import { sharedStateKey, type StateKey } from '../state.ts'

/** A signed token that every request of a session has to carry which changes something, over what `csrf` asks anyway. */
export interface CsrfTokenOptions {
  /** The secrets that sign; the token's keys are derived from them. All of the ring are accepted. */
  readonly secrets: SecretRing
  /**
   * What the browser sends by itself and the token belongs to: the name of the session's cookie, or a function; `undefined` for a
   * request without a session, which needs no token. It has to stay the same for as long as a page is open: not a token that rotates.
   *
   * A cookie that comes twice, which a sibling host can bring about, is refused where its name is given. `ctx.cookie` says
   * `undefined` of it, so a function that repeats this word lets such a request pass without a token: answer `''` there.
   */
  readonly session: string | ((ctx: HttpContext) => string | undefined)
  /** The request header that carries it. Default `x-csrf-token`; another one belongs into `cors.headers` too. */
  readonly header?: Lowercase<string> | undefined
}

const VERSION = 1
const PURPOSE = 'wardstone:v1:csrf-token'
/** 37 bytes are 50 characters, of which the last has two bits of use: no token has a second spelling. */
const LENGTH = 50
const NAME = /^[\w!#$%&'*+.^`|~-]{1,128}$/
const SHAPE = /^[\w-]{49}[AQgw]$/

/** Makes and checks the tokens of one `csrf`. */
export interface CsrfTokens {
  readonly header: Lowercase<string>
  sessionOf(ctx: HttpContext): string | undefined
  issue(session: string): string
  accepts(token: string, session: string): boolean
}

/** Set by a `csrf` that has tokens, for {@link csrfToken}. */
export const csrfTokensKey: StateKey<CsrfTokens> = sharedStateKey('csrf tokens')

/**
 * Set once a token was made for this response: a body that holds one and something that the client sent must not be compressed.
 *
 * @internal
 */
export const csrfIssuedKey: StateKey<boolean> = sharedStateKey('csrf issued')

/**
 * Makes the token that the page of this request sends back in the header `x-csrf-token`. A different one each time, so that what
 * is learnt of a compressed page's length tells nothing (BREACH); all count for as long as session and secret do.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument` when no `csrf` with the option `token` stands before, or there is no session.
 *
 * @example
 * ```ts
 * import { csrfToken, jsonReply, type Endpoint } from '@wardstone/http'
 *
 * export const token: Endpoint = (ctx) => jsonReply(200, { csrfToken: csrfToken(ctx) }, [['cache-control', 'no-store']])
 * ```
 */
export function csrfToken(ctx: HttpContext): string {
  const tokens = ctx.state.get(csrfTokensKey)
  if (tokens === undefined) throw new InvalidArgumentError('ctx', 'expected baseline or csrf with the option token before this')
  const session = tokens.sessionOf(ctx)
  if (session === undefined || session === '') {
    throw new InvalidArgumentError('ctx', 'expected a session: without one, a token would be anybody’s')
  }
  ctx.state.set(csrfIssuedKey, true)
  return tokens.issue(session)
}

/** Reads the option `token`. */
export function readTokens(o: OptionReader): CsrfTokens {
  const isRing = (v: unknown): boolean => typeof (v as Partial<SecretRing> | null)?.derive === 'function'
  const secrets = o.value<SecretRing>('secrets', 'expected secretRing()', isRing)
  if (secrets === undefined) o.problem('secrets', 'required; expected secretRing()')
  const session = readSession(o)
  const header = o.text('header', 'x-csrf-token') as Lowercase<string>
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(header)) o.problem('header', 'expected a lower-case name such as "x-csrf-token"')
  const ring = isRing(secrets) ? (secrets as SecretRing).derive('csrf') : undefined
  return {
    header,
    sessionOf(ctx) {
      const of: unknown = session(ctx)
      // A promise would be a session that everybody shares: its text is the same for all.
      if (of === undefined || typeof of === 'string') return of
      forget(of)
      throw new InvalidArgumentError('session', 'expected a text or undefined, at once')
    },
    issue: (of) => issue(of, (ring as SecretRing).current()),
    accepts: (token, of) => accepts(token, of, ring as SecretRing),
  }
}

/** How the session of a request is found. */
function readSession(o: OptionReader): (ctx: HttpContext) => string | undefined {
  const given = o.value<unknown>('session', '', () => true)
  if (typeof given !== 'string') return o.callback<(ctx: HttpContext) => string | undefined>('session', true)
  if (!NAME.test(given)) o.problem('session', 'expected the name of a cookie such as "sid", or a function')
  // Nobody knows which of two the application believes. Empty is a session for which no token counts.
  return (ctx) => ctx.cookie(given) ?? (hasCookie(ctx.header('cookie'), given) ? '' : undefined)
}

/** base64url of `0x01 ‖ SHA-256(kid)[0..4] ‖ random 16 ‖ HMAC-SHA-256(purpose ‖ all of this ‖ session)[0..16]`. */
function issue(session: string, secret: Secret): string {
  const body = Buffer.concat([Buffer.from([VERSION]), known(secret).mark, randomBytes(16)])
  return Buffer.concat([body, mac(body, session, secret)]).toString('base64url')
}

function accepts(token: string, session: string, ring: SecretRing): boolean {
  if (token.length !== LENGTH || !SHAPE.test(token)) return false
  const bytes = Buffer.from(token, 'base64url')
  if (bytes[0] !== VERSION) return false
  const body = bytes.subarray(0, -16)
  const mark = bytes.subarray(1, 5)
  return ring
    .all()
    .some((secret) => known(secret).mark.equals(mark) && timingSafeEqual(mac(body, session, secret), bytes.subarray(-16)))
}

interface KnownSecret {
  /** How tokens name it. */
  readonly mark: Buffer
  /** Made once: Node makes a key object out of bytes at every use, which takes longer than the HMAC itself. */
  readonly key: KeyObject
}

const knownSecrets = new WeakMap<Secret, KnownSecret>()

function known(secret: Secret): KnownSecret {
  const before = knownSecrets.get(secret)
  if (before !== undefined) return before
  const made = { mark: hash('sha256', secret.kid, 'buffer').subarray(0, 4), key: createSecretKey(secret.bytes()) }
  knownSecrets.set(secret, made)
  return made
}

/** What stands before the session is always of one length: no session can be read as part of it. */
function mac(body: Uint8Array, session: string, secret: Secret): Buffer {
  return createHmac('sha256', known(secret).key).update(PURPOSE).update(body).update(session).digest().subarray(0, 16)
}
