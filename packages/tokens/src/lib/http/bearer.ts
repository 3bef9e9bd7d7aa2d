import { isThenable, readOptions } from '@wardstone/core'
import {
  ALLOW,
  deny,
  type Decision,
  principalKey,
  refusalKey,
  stateKey,
  type Guard,
  type HttpContext,
  type Refused,
  type StateKey,
} from '@wardstone/http'
import type { Verification, Verified } from '../access/verified.ts'
import type { SessionProblemCode } from './problem-code.ts'

/** Whatever verifies access tokens: a token service or a verifier. */
export interface AccessVerifierLike {
  verify(
    accessToken: string,
    options?: { readonly confirm?: boolean | undefined },
  ): Verification<unknown> | Promise<Verification<unknown>>
}

/** Options of {@link bearer}. */
export interface BearerOptions {
  /**
   * Lets requests without a good token go on without a principal, for routes that limit by address first or serve guests
   * too. What was wrong stays in the state, under `refusalKey`. Default `false`.
   */
  readonly optional?: boolean | undefined
  /**
   * Whether a verified token tells the store that the client got it. `false` for a server that refreshes on behalf of a
   * browser: it has the token, the browser may not. Default `true`.
   */
  readonly confirm?: boolean | undefined
}

/** The verified token of the request, for ending a stream with its session. */
export const verifiedKey: StateKey<Verified<unknown>> = stateKey('verified access token')

const CREDENTIALS = /^Bearer +([\w.~+/-]+=*)$/i

/**
 * Authenticates by the access token in the `Authorization` header and leaves the principal in the state. Every token
 * that is not accepted gets the same answer; why is in the decision's `code` and in the service's counters.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3 | RFC 6750 section 3}
 *
 * @example
 * ```ts
 * import type { TokenService } from '@wardstone/tokens'
 * import { bearer } from '@wardstone/tokens/http'
 *
 * export const signedIn = (tokens: TokenService<object>) => bearer(tokens)
 * ```
 */
export function bearer(verifier: AccessVerifierLike, options: BearerOptions = {}): Guard {
  const { optional, ...how } = readOptions('bearer', options, (o) => ({
    optional: o.oneOf('optional', [false, true], false),
    confirm: o.oneOf('confirm', [true, false], true),
  }))
  return function bearerGuard(ctx) {
    const header = ctx.header('authorization')
    if (header === undefined) return optional ? ALLOW : refuse(ctx, 'authentication_required', 'Bearer')
    const token = CREDENTIALS.exec(header)?.[1]
    const verification = token === undefined ? MALFORMED : verifier.verify(token, how)
    return isThenable(verification) ? Promise.resolve(verification).then((late) => decide(ctx, late)) : decide(ctx, verification)
  }

  function decide(ctx: HttpContext, verification: Verification<unknown>): Decision {
    if (verification.ok === true) {
      ctx.state.set(principalKey, verification.principal)
      ctx.state.set(verifiedKey, verification)
      return ALLOW
    }
    const refused: Refused = verification.retryable
      ? deny(ctx, { status: 503, code: verification.code })
      : { ...refuse(ctx, 'invalid_token', 'Bearer error="invalid_token"'), code: verification.code }
    if (!optional) return refused
    ctx.state.set(refusalKey, refused)
    return ALLOW
  }
}

const MALFORMED = { ok: false, code: 'malformed', retryable: false } as const

function refuse(ctx: HttpContext, code: SessionProblemCode, challenge: string): Refused {
  return deny(ctx, { status: 401, code, headers: [['www-authenticate', challenge]] })
}
