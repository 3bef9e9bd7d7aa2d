import { createSecretKey } from 'node:crypto'
import { readOptions, type Secret, type SecretRing } from '@wardstone/core'
import { writeJwks } from './jwks.ts'
import { hmacSigningKey, type SigningKey } from './signing-key.ts'
import type { TokenKeys } from './token-keys.ts'
import { hmacKey, type VerificationKey } from './verification-key.ts'

/** Options of {@link hmacKeys}. */
export interface HmacKeysOptions {
  /** Whether tokens without a `kid` are tried against every secret of the ring. Default `false`. */
  readonly allowMissingKid?: boolean | undefined
}

/**
 * HS256 with a ring of secrets: signing uses the current one, verification accepts all. Everyone who verifies can also
 * sign; prefer a key set where several services verify.
 *
 * Keep the previous secret for the longest lifetime of a token, or its tokens are refused from one moment to the next.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7518#section-3.2 | RFC 7518 section 3.2}
 *
 * @example
 * ```ts
 * import { generateSecret, secretRing } from '@wardstone/core'
 * import { hmacKeys } from '@wardstone/tokens'
 *
 * export const keys = hmacKeys(secretRing({ current: generateSecret() }))
 * ```
 */
export function hmacKeys(ring: SecretRing, options: HmacKeysOptions = {}): TokenKeys {
  const { allowMissingKid } = readOptions('hmacKeys', { ...options, ring }, (o) => {
    const expected = 'expected secretRing({ current: secret(…) }); never a text'
    const given = o.value('ring', expected, (v) => typeof v === 'object' && v !== null && 'onChange' in v)
    if (given === undefined) o.problem('ring', `required; ${expected}`)
    return { allowMissingKid: o.oneOf('allowMissingKid', [false, true], false) }
  })
  let version = 0
  const made = new WeakMap<Secret, { readonly verification: VerificationKey; readonly signing: SigningKey }>()
  const keysOf = (secret: Secret): { readonly verification: VerificationKey; readonly signing: SigningKey } => {
    const known = made.get(secret)
    if (known !== undefined) return known
    const both = { verification: hmacKey(secret), signing: hmacSigningKey(secret.kid, createSecretKey(secret.bytes())) }
    made.set(secret, both)
    return both
  }
  ring.onChange(() => version++)
  return {
    // A secret stays accepted for as long as it is in the ring: whoever removes it decides.
    tokenTtlMs: Number.POSITIVE_INFINITY,
    get version() {
      return version
    },
    candidates(kid) {
      if (kid === undefined) return allowMissingKid ? ring.all().map((s) => keysOf(s).verification) : []
      const secret = ring.find(kid)
      return secret === undefined ? [] : [keysOf(secret).verification]
    },
    signer: () => keysOf(ring.current()).signing,
    stageOf: (kid) => (kid === ring.current().kid ? 'active' : ring.find(kid) === undefined ? 'unknown' : 'retired'),
    jwks: () => writeJwks([], 0),
  }
}
