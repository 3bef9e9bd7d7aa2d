import { inspect } from 'node:util'
import { generateSecret, secretRing } from '@wardstone/core'
import { fakeClock } from '@wardstone/testkit'
import { expect, it } from 'vitest'
import { createKeySet, createTokenService, hmacKeys, memoryStore, type TokenPair } from '../src/index.ts'
import { decodeRefresh, encodeRefresh, refreshRing } from '../src/lib/refresh/wire.ts'
import { AUDIENCE, ISSUER, kit } from './kit/service.ts'
import { watched } from './kit/stores.ts'

/** Everything that leaves the service but the answers to the client: events, errors, counters, warnings, printed objects. */
async function story() {
  const said: unknown[] = []
  const note = (value: unknown): void => void said.push(value)
  const warned = (warning: Error): void => note(warning)
  process.on('warning', warned)
  const clock = fakeClock()
  const store = watched()
  const keys = createKeySet({ algorithm: 'ES256', now: clock.now, events: note })
  const loader = { down: false }
  const ring = secretRing({ current: generateSecret() })
  const claims = async () => {
    if (loader.down) throw new Error('the loader is down')
    return { username: 'ana' }
  }
  const k = kit({ clock, keys, ring, around: store.wrap, claims, maxSessions: 2 })
  const pairs: TokenPair[] = []
  const issue = async (sub = 'ana'): Promise<TokenPair> => {
    const issued = await k.tokens.issue({ sub }, { ip: '192.0.2.1', userAgent: 'A' })
    if (!issued.ok) throw new Error(issued.code)
    pairs.push(issued)
    return issued
  }
  const refresh = async (pair: TokenPair): Promise<TokenPair> => {
    const result = await k.tokens
      .refresh(pair.refreshToken, { ip: `198.51.100.${pairs.length}` })
      .catch((error: unknown) => note(error))
    if (result?.ok) pairs.push(result)
    else note(result?.code)
    return result?.ok ? result : pair
  }
  const wrong = async (run: () => unknown): Promise<void> => {
    try {
      note(await run())
    } catch (error) {
      note(error)
    }
  }

  const first = await issue()
  k.tokens.verifyNow(first.accessToken)
  clock.advance('1m')
  const second = await refresh(first)
  await refresh(first)
  await keys.rotate()
  clock.advance('10m')
  const third = await refresh(second)
  loader.down = true
  clock.advance('1m')
  await refresh(third)
  await wrong(() => k.tokens.issue({ sub: 'ben' }))
  loader.down = false
  store.down = true
  for (const run of [
    () => k.tokens.refresh(third.refreshToken),
    () => k.tokens.revoke(third),
    () => k.tokens.list('ana'),
    () => k.tokens.revokeAll('ana'),
  ])
    await wrong(run)
  store.down = false
  await refresh(first) // reuse
  await refresh(third)
  for (let i = 0; i < 4; i++) await issue('cyn')
  const last = await issue('dan')
  await wrong(() => k.tokens.verifyNow(`${last.accessToken}x`))
  await wrong(() => k.tokens.refresh(`${last.refreshToken}x`))
  await wrong(() => k.tokens.refresh(last.accessToken))
  await wrong(() => k.tokens.revoke({ refreshToken: `${last.refreshToken} ` }))
  await wrong(() => k.tokens.issue({ sub: last.refreshToken.repeat(4) }))
  await wrong(() => k.tokens.onEnd(last.accessToken as never, () => {}))
  await wrong(() =>
    createTokenService({
      issuer: ISSUER,
      audience: AUDIENCE,
      claims,
      keys: last.accessToken as never,
      secrets: ring,
      store: memoryStore(),
    }),
  )
  await wrong(() => hmacKeys(Buffer.from(ring.current().bytes()).toString('base64') as never))
  const parts = decodeRefresh(last.refreshToken, refreshRing(ring, ISSUER))
  const forged =
    typeof parts === 'string' ? '' : encodeRefresh({ ...parts, s: Buffer.alloc(16) }, refreshRing(ring, ISSUER).current())
  await wrong(() => k.tokens.refresh(forged))
  await keys.remove(keys.signer().kid)
  await k.tokens.refreshClaims('dan')
  await k.tokens.revoke(last)
  await k.tokens.revokeEveryone()
  await new Promise(setImmediate)
  process.off('warning', warned)
  return { said: [...said, k.events, k.tokens.stats(), k.tokens, keys, keys.timeline(), ring, k.store, k.ring], k, ring, pairs }
}

function spellings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes)
  return [buffer.toString('hex'), buffer.toString('base64'), buffer.toString('base64url'), [...buffer].join(',')]
}

it('[TOK-2] [TOK-16] nothing that is thrown, reported or printed holds a token, a key or a secret', async () => {
  const { said, k, ring, pairs } = await story()
  const text = said
    .map(
      (value) =>
        `${JSON.stringify(value)}\n${inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null })}`,
    )
    .join('\n')
  const events = new Set(k.events.map(({ name }) => name))
  expect([...events].toSorted()).toEqual([
    'authn_token_forged',
    'authn_token_reuse',
    'authn_token_revoked',
    'claims_unavailable',
    'privilege_permissions_changed',
    'session_created',
    'session_renewed',
    'session_replayed_elsewhere',
    'session_use_after_expire',
  ])
  for (const word of ['store_unavailable', 'invalid_options', 'invalid_argument', 'claims_unavailable', 'key_compromised'])
    expect(text).toContain(word)
  const derived = refreshRing(ring, ISSUER)
  const secrets = pairs.flatMap(({ accessToken, refreshToken }) => {
    const parts = decodeRefresh(refreshToken, derived)
    const s = typeof parts === 'string' ? [] : spellings(parts.s)
    return [accessToken, accessToken.split('.')[2] ?? '', refreshToken, refreshToken.slice(4, 60), ...s]
  })
  secrets.push(...spellings(ring.current().bytes()), ...spellings(derived.current().bytes()))
  expect(secrets.length).toBeGreaterThan(50)
  for (const secret of secrets) if (secret === '' || text.includes(secret)) expect.unreachable(`found ${secret.slice(0, 12)}…`)
})
