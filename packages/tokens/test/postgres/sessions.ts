import { randomBytes } from 'node:crypto'
import type { NewSession, SessionStore, StoreSettings } from '../../src/index.ts'

export const MINUTE = 60_000

/** Of an issuer whose refreshes rotate as soon as the clock is moved by a minute. */
export function settingsOf(namespace: string): StoreSettings {
  return {
    namespace,
    now: Date.now,
    policy: {
      idleMs: 7 * 24 * 60 * MINUTE,
      absoluteMs: 30 * 24 * 60 * MINUTE,
      graceMs: MINUTE / 2,
      lostWindowMs: 24 * 60 * MINUTE,
      unconfirmedWindowMs: 2 * MINUTE,
      budget: 3,
    },
    maxSessions: 50,
    revocationMs: 15 * MINUTE,
    undurable: () => {},
  }
}

export function newSession(changes: Partial<NewSession> = {}): NewSession {
  return {
    sid: randomBytes(16).toString('base64url'),
    shard: randomBytes(8).toString('base64url'),
    sub: 'ana',
    secretHash: randomBytes(32),
    kid: 'k',
    authTime: undefined,
    expectedEpoch: undefined,
    client: {},
    ...changes,
  }
}

/** Presents a generation, and says in a word what came of it. */
export async function refresh(store: SessionStore, { sid, shard, secretHash }: NewSession, generation: number): Promise<string> {
  const done = await store.rotate({ sid, shard, secretHash, generation, kid: 'k', client: {}, knownDead: false })
  return done.ok ? done.kind : done.reason
}
