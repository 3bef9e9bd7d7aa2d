import { generateSecret, secretRing, type ReplaceableSecretRing } from '@wardstone/core'
import { fakeClock, type FakeClock } from '@wardstone/testkit'
import {
  createKeySet,
  createTokenService,
  memoryStore,
  type Issued,
  type Refreshed,
  type SessionStore,
  type TokenEvent,
  type TokenKeys,
  type TokenPair,
  type TokenService,
  type TokenServiceOptions,
  type Verified,
  type Verifier,
} from '../../src/index.ts'

export const ISSUER = 'https://id.example'
export const AUDIENCE = 'https://api.example'

export interface Claims {
  readonly username: string
  readonly roles?: readonly string[]
}

export interface Kit {
  readonly clock: FakeClock
  readonly keys: TokenKeys
  readonly ring: ReplaceableSecretRing
  readonly store: SessionStore
  readonly events: TokenEvent[]
  readonly tokens: TokenService<Claims>
}

interface KitOptions extends Partial<Omit<TokenServiceOptions<Claims>, 'now' | 'events' | 'secrets' | 'store' | 'keys'>> {
  readonly clock?: FakeClock | undefined
  readonly keys?: TokenKeys | undefined
  readonly ring?: ReplaceableSecretRing | undefined
  readonly store?: SessionStore | undefined
  /** Puts something between the service and the store. */
  readonly around?: ((store: SessionStore) => SessionStore) | undefined
}

/** A service over the memory store, with a clock that stands still and Ed25519 keys, which are made in no time. */
export function kit(options: KitOptions = {}): Kit {
  const { clock = fakeClock(), ring = secretRing({ current: generateSecret() }), around = (s) => s, ...rest } = options
  const { keys = createKeySet({ algorithm: 'EdDSA', now: clock.now }), store = memoryStore({ now: clock.now }), ...others } = rest
  const events: TokenEvent[] = []
  const tokens = createTokenService<Claims>({
    issuer: ISSUER,
    audience: AUDIENCE,
    claims: ({ sub }) => ({ username: `user ${sub}` }),
    ...others,
    keys,
    secrets: ring,
    store: around(store),
    now: clock.now,
    events: (event) => void events.push(event),
  })
  return { clock, keys, ring, store, events, tokens }
}

/** Signs in, or fails the test. */
export async function signIn(tokens: TokenService<Claims>, sub = 'ana'): Promise<Issued> {
  return accepted(await tokens.issue({ sub }))
}

/** Refreshes, or fails the test. */
export async function renew(tokens: TokenService<Claims>, { refreshToken }: Pick<TokenPair, 'refreshToken'>): Promise<Refreshed> {
  return accepted(await tokens.refresh(refreshToken))
}

/** Verifies, or fails the test. */
export function verified(
  tokens: Pick<TokenService<Claims>, 'verifyNow'> | Pick<Verifier<Claims>, 'verify'>,
  { accessToken }: Pick<TokenPair, 'accessToken'>,
): Verified<Claims> {
  return accepted('verifyNow' in tokens ? tokens.verifyNow(accessToken) : tokens.verify(accessToken))
}

/** What was accepted; fails the test for what was not. */
export function accepted<T extends { readonly ok: boolean; readonly code?: string }>(result: T): T & { readonly ok: true } {
  if (!isAccepted(result)) throw new Error(`expected acceptance, got ${result.code}`)
  return result
}

function isAccepted<T extends { readonly ok: boolean }>(result: T): result is T & { readonly ok: true } {
  return result.ok
}

/** `ok`, or the code of the refusal. */
export function codeOf(result: { readonly ok: boolean; readonly code?: string }): string {
  return result.ok ? 'ok' : (result.code ?? 'no code')
}

/** The outcome of a refresh: its kind, or the code of the refusal. */
export function outcomeOf(result: { readonly ok: boolean; readonly kind?: string; readonly code?: string }): string {
  return (result.ok ? result.kind : result.code) ?? 'neither'
}

export function namesOf(events: readonly TokenEvent[]): readonly string[] {
  return events.map((event) => event.name)
}
