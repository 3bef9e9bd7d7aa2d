import { isProduction, lifetime, type Duration, type OptionReader } from '@wardstone/core'
import { leadMs, type RotationPolicy } from './plan.ts'
import type { AsymmetricAlgorithm, KeyInput } from './verification-key.ts'

/** What sets of keys on one node and on several have in common. */
export interface RotationOptions {
  /** Default `RS256`, which every verifier knows; `ES256` and `EdDSA` make smaller tokens. */
  readonly algorithm?: AsymmetricAlgorithm | undefined
  /** The longest lifetime of a token signed here: so long a retired key goes on verifying. Default 15 minutes. */
  readonly tokenTtl?: Duration | undefined
  /** How long verifiers may cache the published set: so long a new key waits before it signs. Default 5 minutes. */
  readonly jwksMaxAge?: Duration | undefined
  /** How far clocks may be apart. Default 5 seconds. */
  readonly skew?: Duration | undefined
}

/** What was read of them. */
export interface Rotation {
  readonly policy: RotationPolicy
  readonly algorithm: AsymmetricAlgorithm
}

/**
 * Reads the options of a rotation.
 *
 * @param rotateEvery - the default
 * @param delay - how late others may learn of a new key, given how long they cache the set
 */
export function readRotation(
  o: OptionReader,
  rotateEvery: Duration | 'never',
  delay?: (jwksMaxAgeMs: number) => number,
): Rotation {
  const rotateEveryMs = readRotateEvery(o, rotateEvery)
  const jwksMaxAgeMs = o.duration('jwksMaxAge', '5m')
  const policy: RotationPolicy = {
    rotateEveryMs,
    tokenTtlMs: o.lifetime('tokenTtl', '15m'),
    jwksMaxAgeMs,
    skewMs: o.duration('skew', '5s'),
    delayMs: delay?.(jwksMaxAgeMs),
  }
  if (policy.skewMs > 60_000) o.problem('skew', 'expected at most 60s')
  if (policy.rotateEveryMs < leadMs(policy)) {
    const sum = delay === undefined ? 'jwksMaxAge + skew' : 'jwksMaxAge + skew + 2 poll + 5s'
    o.problem('rotateEvery', `expected more than ${sum}: no key could be published in time`)
  }
  return { policy, algorithm: o.oneOf('algorithm', ['RS256', 'ES256', 'EdDSA'], 'RS256') }
}

/** Reads a private key to begin with. */
export function readInitial(o: OptionReader, options: object): KeyInput | undefined {
  const expected = 'expected a private KeyObject (createPrivateKey(pem) of node:crypto), CryptoKey or JWK'
  const given = o.value<KeyInput>('initial', expected, (v) => typeof v === 'object' && v !== null)
  if (isProduction() && given === undefined && 'initial' in options) {
    o.problem('initial', 'given, but undefined; is the environment variable set?')
  }
  return given
}

function readRotateEvery(o: OptionReader, fallback: Duration | 'never'): number {
  const given = o.value<Duration | 'never'>('rotateEvery', '', () => true) ?? fallback
  if (given === 'never') return Number.POSITIVE_INFINITY
  try {
    return lifetime(given)
  } catch {
    o.problem('rotateEvery', "expected a duration such as '90d', or 'never'")
    return Number.POSITIVE_INFINITY
  }
}
