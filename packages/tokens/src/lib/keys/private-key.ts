import { createPrivateKey, generateKeyPair, generateKeyPairSync, KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { ConfigurationError } from '@wardstone/core'
import { isJwk, verificationKey, type AsymmetricAlgorithm, type KeyInput } from './verification-key.ts'

const PARAMETERS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
} as const

const pairOf = promisify(generateKeyPair) as (type: string, options: object) => Promise<{ privateKey: KeyObject }>

/** A new private key, made in another thread. */
export async function generate(alg: AsymmetricAlgorithm): Promise<KeyObject> {
  const [type, parameters] = PARAMETERS[alg]
  return (await pairOf(type, parameters)).privateKey
}

/** A new private key at once: for a set that would have none otherwise, and could not answer anything. */
export function generateNow(alg: AsymmetricAlgorithm): KeyObject {
  const [type, parameters] = PARAMETERS[alg]
  return (generateKeyPairSync as (type: string, options: object) => { privateKey: KeyObject })(type, parameters).privateKey
}

/**
 * The private key that was given to begin with.
 *
 * @throws {@link ConfigurationError} `invalid_options`; the message never quotes the key.
 */
export function privateKeyOf(input: KeyInput, alg: AsymmetricAlgorithm): KeyObject {
  verificationKey(input, alg) // judged as it was given: what a JWK says of its purpose is lost in a KeyObject
  let key: KeyObject | undefined
  try {
    if (input instanceof KeyObject) key = input
    else key = isJwk(input) ? createPrivateKey({ key: { ...input }, format: 'jwk' }) : KeyObject.from(input)
  } catch {
    // A public JWK, or a broken one; the reason could quote it.
  }
  if (key?.type === 'private') return key
  throw new ConfigurationError('createKeySet', [{ option: 'initial', expected: 'expected a private key: it has to sign' }])
}
