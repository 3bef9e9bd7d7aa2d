import { createKeySet, createVerifier, jwksKeys, type Verifier } from '@wardstone/tokens'
import { random } from './random.ts'
import type { Row } from './report.ts'
import { AUDIENCE, ISSUER, serviceOf } from './token-material.ts'
import { VirtualTime } from './virtual-time.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const JWKS_CACHED = 5 * MINUTE

/** What became of tokens while their issuer changed its keys. */
export interface KeyRotationRow extends Row {
  readonly rotations: number
  readonly verifications: number
  readonly refused: number
}

/**
 * An issuer that signs a token every twenty seconds for twelve hours and changes its key at eight moments, twice in quick
 * succession. Services elsewhere fetch its public keys, keep them for as long as they may and not a moment shorter, and
 * verify each token when it is new, at some moment, and just before it expires. Their clocks are wrong by up to two seconds.
 *
 * @param publishBefore - how long before it signs a key is published. What {@link createKeySet} derives is the time for
 * which services keep the keys; none at all is what most issuers do, for contrast.
 */
export async function keyRotation(name: string, publishBefore: '5m' | '0s'): Promise<KeyRotationRow> {
  const time = new VirtualTime()
  const dice = random(4711)
  const end = time.now() + 12 * 60 * MINUTE
  const keys = createKeySet({
    algorithm: 'ES256',
    tokenTtl: '1h',
    jwksMaxAge: publishBefore,
    skew: publishBefore === '0s' ? '0s' : '5s',
    now: time.now,
  })
  const issuer = serviceOf(keys, time.now)
  const elsewhere = Array.from({ length: 6 }, () =>
    serviceElsewhere(time, () => issuer.jwks().body, dice.between(0, JWKS_CACHED), dice.between(-2, 2) * SECOND),
  )
  let verifications = 0
  let refused = 0
  const check = (token: string): void => {
    const verifier = elsewhere[Math.floor(dice.next() * elsewhere.length)]
    verifications++
    if (verifier?.().verify(token).ok !== true) refused++
  }
  const sign = async (): Promise<void> => {
    const issued = await issuer.issue({ sub: 'ana' })
    if (!issued.ok) throw new Error(`no token: ${issued.code}`)
    const { accessToken, expiresAt } = issued
    time.after(20, () => check(accessToken))
    time.after(dice.between(0, expiresAt - time.now()), () => check(accessToken))
    time.at(expiresAt - 3 * SECOND, () => check(accessToken))
    if (time.now() < end) time.after(20 * SECOND, sign)
  }
  time.after(JWKS_CACHED, sign)
  const moments = [47, 110, 111, 240, 300, 304, 480, 600]
  for (const minute of moments) time.after(minute * MINUTE, () => keys.rotate())
  await time.run(end + 61 * MINUTE)
  return { name, rotations: moments.length, verifications, refused }
}

/** A service that keeps the keys which it fetched until their time is over. */
function serviceElsewhere(time: VirtualTime, fetch: () => string, phaseMs: number, clockOffMs: number): () => Verifier<unknown> {
  const keys = jwksKeys(documentOf(fetch()))
  let staleAt = time.now() + phaseMs
  const now = (): number => Math.round(time.now() + clockOffMs)
  const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now })
  return () => {
    if (time.now() >= staleAt) {
      keys.replace(documentOf(fetch()))
      staleAt = time.now() + JWKS_CACHED
    }
    return verifier
  }
}

function documentOf(body: string): Parameters<typeof jwksKeys>[0] {
  return JSON.parse(body) as Parameters<typeof jwksKeys>[0]
}
