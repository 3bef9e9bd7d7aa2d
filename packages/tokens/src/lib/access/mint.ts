import { randomBytes } from 'node:crypto'
import type { Family } from '../refresh/family.ts'
import type { ServiceSettings } from '../service-options.ts'
import type { Epochs } from '../sessions/store.ts'
import { ClaimsNotAllowedError, ClaimsUnavailableError } from '../errors.ts'
import { MAX_TOKEN_LENGTH } from '../jws/compact.ts'
import { ACCESS_TYPE, allowedClaims, checkClaims, fitsPrincipal, type OwnClaims } from './claims.ts'

/** An access token, and when it expires in milliseconds. */
export interface Minted {
  readonly accessToken: string
  readonly expiresAt: number
}

/**
 * Loads the claims of a session and signs an access token. The epochs come from the store's step before that: claims that
 * are loaded afterwards can only be newer than what the epochs say. `null` when the account is gone.
 *
 * @throws {@link ClaimsUnavailableError} when the loader throws
 * @throws {@link ClaimsNotAllowedError} when what it loaded cannot go into a token
 */
export async function mintAccessToken<C>(settings: ServiceSettings<C>, family: Family, epochs: Epochs): Promise<Minted | null> {
  const { issuer, audiences, keys, schema, accessTtlMs, now } = settings
  const { sub, sid, createdAt, authTime, generation, client, absoluteEnd } = family
  // Before the claims are loaded, however long that takes: a revocation is remembered for one lifetime from when it came.
  const iat = Math.floor(now() / 1000)
  let loaded: C | null | undefined
  try {
    loaded = await settings.loadClaims({ sub, sid, createdAt, authTime, client })
  } catch (error) {
    throw new ClaimsUnavailableError(error)
  }
  if (loaded === null || loaded === undefined) return null // undefined is what a look-up answers that finds nothing
  const claims = allowedClaims(loaded)
  const checked = checkClaims(schema, claims)
  if (checked === undefined) throw new ClaimsNotAllowedError('what was loaded does not fit claimsSchema')
  if (!fitsPrincipal(checked.value)) throw new ClaimsNotAllowedError('roles has to be a list of texts, and tenant a text')
  const own: OwnClaims = {
    iss: issuer,
    aud: audiences[0] ?? '',
    sub,
    iat,
    // Never beyond the end of the session itself.
    exp: Math.min(iat + Math.floor(accessTtlMs / 1000), Math.floor(absoluteEnd / 1000)),
    jti: randomBytes(16).toString('base64url'),
    sid,
    gen: generation,
    epo: epochs.epoch,
    cep: epochs.claimsEpoch,
    auth_time: Math.floor(authTime / 1000),
  }
  const accessToken = await keys.signer().sign({ ...own, ...claims }, ACCESS_TYPE)
  if (accessToken.length > MAX_TOKEN_LENGTH) throw new ClaimsNotAllowedError('too long for a token, which nobody would accept')
  return { accessToken, expiresAt: own.exp * 1000 }
}
