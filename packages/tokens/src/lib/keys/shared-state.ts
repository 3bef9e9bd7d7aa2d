import type { KeyObject } from 'node:crypto'
import { leadMs, plan, type RotationPolicy } from './plan.ts'
import { recordOf, type KeyRecord } from './snapshot.ts'
import type { AsymmetricAlgorithm } from './verification-key.ts'

/** A key that other nodes sign with, too. */
export interface SharedKey extends KeyRecord {
  readonly privateKey: KeyObject
  readonly tokenTtlMs: number
}

/** All that nodes share. Each change makes a new one. */
export interface SharedState {
  /** Chosen with the first key: what was made elsewhere is another set. */
  readonly id: string
  readonly bornAt: number
  /** Grows by one with every writing. */
  readonly revision: number
  /** In the order of their activation. */
  readonly keys: readonly SharedKey[]
  /** Keys that leaked. They are remembered, so that no older copy brings them back. */
  readonly banned: readonly { readonly kid: string; readonly at: number }[]
}

/** Longer than anybody keeps a backup of keys that would be put back without a thought. */
const BAN_MS = 365 * 86_400_000

/** Makes a key of the set out of a private key. */
export function sharedKey(
  alg: AsymmetricAlgorithm,
  privateKey: KeyObject,
  createdAt: number,
  activateAt: number,
  tokenTtlMs: number,
): SharedKey {
  return { ...recordOf(alg, privateKey, createdAt, activateAt), privateKey, tokenTtlMs }
}

/** Publishes a key, to sign when every verifier must know it. */
export function withKey(
  state: SharedState,
  alg: AsymmetricAlgorithm,
  key: KeyObject,
  now: number,
  policy: RotationPolicy,
): SharedState {
  const activateAt = Math.max(now + leadMs(policy), state.keys.at(-1)?.activateAt ?? now)
  return { ...state, keys: [...state.keys, sharedKey(alg, key, now, activateAt, policy.tokenTtlMs)] }
}

/**
 * Bans a key that leaked. Another one signs at once: the one before it where that still verifies, else the next.
 *
 * @returns `isBack`: whether one signs that had retired, so that the next one is wanted
 */
export function withoutKey(
  state: SharedState,
  kid: string,
  now: number,
  policy: RotationPolicy,
): { readonly state: SharedState; readonly isBack: boolean } {
  const signed = plan(state.keys, now, policy).some((key) => key.kid === kid && key.stage === 'active')
  const alive = aliveAt(state.keys, now, policy)
  const left = alive.filter((key) => key.kid !== kid)
  const signs = plan(left, now, policy).findLast((key) => key.stage === 'active')
  const keys = left.map((key) => (key.kid === signs?.kid ? { ...key, activateAt: Math.min(key.activateAt, now) } : key))
  const isBack = signed && signs !== undefined && signs.activateAt < now && signs.kid === left.at(-1)?.kid
  return { state: { ...state, keys, banned: [...state.banned.filter((ban) => ban.kid !== kid), { kid, at: now }] }, isBack }
}

/**
 * Brings together what this node has and what is stored. Nothing that only one of them has is lost: the store may be empty, or may have gone
 * back to what it was before a failover. Where both know a key, the later writing says its times; of two sets, the older one.
 *
 * Keys of the other set were made for an empty place by somebody who knew no better. Verifiers have not seen them: they are published first.
 */
export function merged(ours: SharedState, stored: SharedState, now: number, policy: RotationPolicy): SharedState {
  const [first, second] = goesBefore(ours, stored) ? [ours, stored] : [stored, ours]
  const banned = [...first.banned, ...second.banned.filter(({ kid }) => !first.banned.some((ban) => ban.kid === kid))]
  // What has gone by its time was tidied away, and is not missing.
  const others = aliveAt(second.keys, now, policy).filter(({ kid }) => !first.keys.some((key) => key.kid === kid))
  const late = now + leadMs(policy)
  const joined = first.id === second.id ? others : others.map((key) => ({ ...key, createdAt: now, activateAt: late }))
  const keys = [...first.keys, ...joined].filter(({ kid }) => !banned.some((ban) => ban.kid === kid))
  return { ...first, revision: Math.max(first.revision, second.revision), keys: keys.sort(byActivation), banned }
}

function goesBefore(ours: SharedState, stored: SharedState): boolean {
  if (ours.id === stored.id) return ours.revision > stored.revision
  return ours.bornAt === stored.bornAt ? ours.id < stored.id : ours.bornAt < stored.bornAt
}

/**
 * What a node changes whenever it looks: keys whose time is long over go, and so do old bans. Keys that were made by nodes with shorter times
 * get ours, as long as they can: while options change from deploy to deploy, the longest of all hold.
 */
export function tidied(state: SharedState, now: number, policy: RotationPolicy): SharedState {
  const stages = new Map(plan(state.keys, now, policy).map(({ kid, stage }) => [kid, stage]))
  // Later than anybody else thinks it over, or who is behind would put it back.
  const keys = aliveAt(state.keys, now - leadMs(policy), policy).map((key) => {
    // One whose time has nearly come may sign elsewhere already.
    const waits = key.activateAt > now + policy.skewMs
    const signs = stages.get(key.kid) === 'active' || stages.get(key.kid) === 'published'
    return {
      ...key,
      activateAt: waits ? Math.max(key.activateAt, key.createdAt + leadMs(policy)) : key.activateAt,
      tokenTtlMs: signs ? Math.max(key.tokenTtlMs, policy.tokenTtlMs) : key.tokenTtlMs,
    }
  })
  return { ...state, keys: keys.sort(byActivation), banned: state.banned.filter(({ at }) => now - at < BAN_MS) }
}

/** Whether two say the same, whoever wrote them and when. */
export function isSame(a: SharedState, b: SharedState): boolean {
  return factsOf(a) === factsOf(b)
}

function factsOf({ id, bornAt, keys, banned }: SharedState): string {
  const times = keys.map((key) => [key.kid, key.createdAt, key.activateAt, key.tokenTtlMs])
  return JSON.stringify([id, bornAt, times, banned.map(({ kid }) => kid).sort()])
}

function aliveAt(keys: readonly SharedKey[], now: number, policy: RotationPolicy): readonly SharedKey[] {
  const stages = plan(keys, now, policy)
  return keys.filter((_, i) => stages[i]?.stage !== 'removed')
}

function byActivation(a: SharedKey, b: SharedKey): number {
  return a.activateAt - b.activateAt || a.createdAt - b.createdAt || (a.kid < b.kid ? -1 : 1)
}
