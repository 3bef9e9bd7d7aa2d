/** When the keys of a set change their stage. All times are milliseconds. */
export interface RotationPolicy {
  /** How long a key signs. */
  readonly rotateEveryMs: number
  /** How long verifiers may keep a fetched key set. */
  readonly jwksMaxAgeMs: number
  /** The longest lifetime of a token. */
  readonly tokenTtlMs: number
  /** How far the clocks of the parties may be apart. */
  readonly skewMs: number
  /** How late another node may learn of a key. Default 0: there is no other. */
  readonly delayMs?: number | undefined
}

/** The two facts about a key from which everything else follows. */
export interface KeyTimes {
  readonly kid: string
  readonly createdAt: number
  /** From here on it signs, until the next key does. */
  readonly activateAt: number
}

/** A key and where it stands. Times in milliseconds since the Unix epoch. */
export interface PlannedKey extends KeyTimes {
  readonly stage: 'published' | 'active' | 'retired' | 'removed'
  /** When it stops signing: the next key begins. */
  readonly retireAt: number | undefined
  /** When nothing that it signed can be valid any more. */
  readonly removeAt: number | undefined
}

/** How long before it signs a key must be published: until the last verifier has fetched the set anew, from the last node. */
export function leadMs(policy: RotationPolicy): number {
  return policy.jwksMaxAgeMs + policy.skewMs + (policy.delayMs ?? 0)
}

/** A key whose tokens may live longer than this node would let them. */
export interface LastingKey extends KeyTimes {
  /** The longest lifetime of a token that it signs, on any node. */
  readonly tokenTtlMs?: number | undefined
}

/** Where each key stands at a moment. Keys are given in the order of their activation. */
export function plan(keys: readonly LastingKey[], now: number, policy: RotationPolicy): readonly PlannedKey[] {
  return keys.map((key, i) => {
    const retireAt = keys[i + 1]?.activateAt
    const lastsMs = (key.tokenTtlMs ?? policy.tokenTtlMs) + policy.skewMs + (policy.delayMs ?? 0)
    const removeAt = retireAt === undefined ? undefined : retireAt + lastsMs
    const { kid, createdAt, activateAt } = key
    return { kid, createdAt, activateAt, retireAt, removeAt, stage: stageAt(now, activateAt, retireAt, removeAt, i === 0) }
  })
}

function stageAt(
  now: number,
  activateAt: number,
  retireAt: number | undefined,
  removeAt: number | undefined,
  first: boolean,
): PlannedKey['stage'] {
  if (removeAt !== undefined && now >= removeAt) return 'removed'
  if (retireAt !== undefined && now >= retireAt) return 'retired'
  // The oldest key signs even if the clock was set back before its time: somebody has to.
  return first || now >= activateAt ? 'active' : 'published'
}

/** When the next key has to be made, so that it has been published long enough once the newest one is old. */
export function nextKeyDueAt(keys: readonly KeyTimes[], policy: RotationPolicy): number {
  const newest = keys.at(-1)
  return newest === undefined ? Number.NEGATIVE_INFINITY : newest.activateAt + policy.rotateEveryMs - leadMs(policy)
}
