import type { Now } from '@wardstone/core'
import type { Created, Epochs, Family, NewSession, Rotated, Rotation, SessionStore, StoreSettings } from '@wardstone/tokens'

/**
 * Refresh tokens as most servers keep them, for contrast: a row for each, good for one use, and a used one that comes back
 * ends the session. With a grace it may come back for that long and gets a further new token each time, so that the chain
 * forks. No grace is strict rotation.
 */
export function chainStore(now: Now, graceMs: number): SessionStore {
  return new ChainStore(now, graceMs)
}

interface Chain {
  family: Family
  /** When each token was first used, by its number. */
  readonly usedAt: (number | undefined)[]
}

const EPOCHS: Epochs = { epoch: 0, claimsEpoch: 0 }

class ChainStore implements SessionStore {
  readonly lossy = false
  readonly revocations = { follow: () => () => {}, staleness: () => 0 }
  readonly #now: Now
  readonly #graceMs: number
  readonly #chains = new Map<string, Chain>()
  #settings: StoreSettings | undefined

  constructor(now: Now, graceMs: number) {
    this.#now = now
    this.#graceMs = graceMs
  }

  configure(settings: StoreSettings): void {
    this.#settings = settings
  }

  async create({ sid, shard, sub, secretHash, kid, client }: NewSession): Promise<Created> {
    const now = this.#now()
    const { idleMs = 0, absoluteMs = 0 } = this.#settings?.policy ?? {}
    const times = {
      createdAt: now,
      authTime: now,
      rotatedAt: now,
      emittedAt: now,
      idleEnd: now + idleMs,
      absoluteEnd: now + absoluteMs,
    }
    const unused = { confirmedAt: undefined, everConfirmed: false, late: false, lateStreak: 0, ended: undefined }
    const family: Family = { sid, shard, sub, secretHash, kid, client, ...times, ...unused, epoch: 0, generation: 0 }
    this.#chains.set(sid, { family, usedAt: [undefined] })
    return { ok: true, family, epochs: EPOCHS, evicted: [], sessions: 1 }
  }

  async rotate({ sid, generation, kid }: Rotation): Promise<Rotated> {
    const chain = this.#chains.get(sid)
    if (chain === undefined) return { ok: false, reason: 'unknown_session' }
    const { family, usedAt } = chain
    const now = this.#now()
    if (family.ended !== undefined) return { ok: false, reason: family.ended.reason, family, endedNow: false }
    const before = usedAt[generation]
    if (before !== undefined && now - before >= this.#graceMs) {
      chain.family = { ...family, ended: { at: now, reason: 'reuse_detected' } }
      return { ok: false, reason: 'reuse_detected', family: chain.family, endedNow: true }
    }
    usedAt[generation] ??= now
    chain.family = { ...family, kid, generation: usedAt.push(undefined) - 1, rotatedAt: now, emittedAt: now }
    return { ok: true, kind: 'rotated', family: chain.family, epochs: EPOCHS, before: family.client }
  }

  async confirm(): Promise<void> {}

  end = notSimulated
  endOthers = notSimulated
  endAll = notSimulated
  endEveryone = notSimulated
  touchClaims = notSimulated
  list = notSimulated

  async judge(): Promise<undefined> {
    return undefined
  }

  async epochs(): Promise<Epochs> {
    return EPOCHS
  }
}

async function notSimulated(): Promise<never> {
  throw new Error('the simulation signs nobody out')
}
