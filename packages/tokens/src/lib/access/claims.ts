import { forget, isThenable, type StandardSchema } from '@wardstone/core'
import { ClaimsNotAllowedError } from '../errors.ts'

/** What an access token says besides the application's claims. Times are seconds, as JWT has them. */
export interface OwnClaims {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  /** The session. */
  readonly sid: string
  /** The generation of the refresh token that this access token came with. */
  readonly gen: number
  /** The subject's epoch at that moment. */
  readonly epo: number
  /** The subject's claims epoch. */
  readonly cep: number
  readonly auth_time: number
}

/** The media type of access tokens, so that an id token or a logout token of the same key is none. */
export const ACCESS_TYPE = 'at+jwt'

/** Names that the application may not use: registered ones that change what a token means, and ours. */
const RESERVED: ReadonlySet<string> = new Set(
  'iss aud sub iat exp nbf jti sid gen epo cep auth_time cnf act events __proto__ constructor prototype'.split(' '),
)

/**
 * Copies claims as they will stand in the token, and refuses those that would pass for something else. A copy, because
 * what the loader returned belongs to the application, and because a date that is checked must be the text that is sent.
 */
export function allowedClaims(loaded: unknown): Record<string, unknown> {
  const claims = copied(loaded)
  if (!isObject(claims)) throw new ClaimsNotAllowedError('expected an object')
  const taken = Object.keys(claims).filter((name) => RESERVED.has(name))
  if (taken.length > 0) throw new ClaimsNotAllowedError(`the names ${taken.join(', ')} belong to the token itself`)
  return claims
}

/** The two claims that also stand in the principal. */
export interface PrincipalClaims {
  readonly roles?: readonly string[] | undefined
  readonly tenant?: string | undefined
}

/** Whether they can: what is of another type would vanish from the principal, and no tenant is often taken for any. */
export function fitsPrincipal<C>(claims: C): claims is C & PrincipalClaims {
  const { roles, tenant } = claims as { readonly roles?: unknown; readonly tenant?: unknown }
  const rolesFit = roles === undefined || (Array.isArray(roles) && roles.every((role) => typeof role === 'string'))
  return rolesFit && (tenant === undefined || typeof tenant === 'string')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function copied(loaded: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(loaded) ?? 'null')
  } catch {
    throw new ClaimsNotAllowedError('expected what JSON can say: no bigint, no circle') // the reason could quote them
  }
}

/** Takes the payload of a token apart. `undefined` when something that every token of ours has is missing or odd. */
export function readPayload(payload: Record<string, unknown>): { readonly own: OwnClaims; readonly claims: object } | undefined {
  const { iss, aud, sub, iat, exp, nbf, jti, sid, gen, epo, cep, auth_time, ...claims } = payload
  const texts = isText(iss) && isText(sub) && isText(jti) && isText(sid) && typeof aud === 'string'
  const numbers = isCount(iat) && isCount(exp) && isCount(gen) && isCount(epo) && isCount(cep) && isCount(auth_time)
  if (!texts || !numbers || nbf !== undefined) return undefined
  return { own: { iss, aud, sub, iat, exp, jti, sid, gen, epo, cep, auth_time } as OwnClaims, claims: frozen(claims) }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

/** Checks claims by the application's schema. `undefined` when they do not fit. */
export function checkClaims<C>(schema: StandardSchema<C> | undefined, claims: object): { readonly value: C } | undefined {
  if (schema === undefined) return { value: claims as C }
  const result = schema['~standard'].validate(claims)
  if (isThenable(result)) {
    forget(result)
    throw new ClaimsNotAllowedError('claimsSchema has to answer at once: a token is verified on every request')
  }
  return result.issues === undefined ? { value: frozen(result.value) } : undefined
}

/** Whoever changed a verified token's claims would change them for every later request with it. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}
