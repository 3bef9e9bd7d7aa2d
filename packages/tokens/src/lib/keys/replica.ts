import { randomUUID, type KeyObject } from 'node:crypto'
import type { Now, SecretRing } from '@wardstone/core'
import type { KeyDocument, WritableKeyDocument } from './key-document.ts'
import { KeyDocumentError } from './key-document-error.ts'
import type { RotationPolicy } from './plan.ts'
import { generate, generateNow } from './private-key.ts'
import type { Rotation } from './rotation-options.ts'
import { seal, unseal } from './sealed-state.ts'
import { isSame, merged, sharedKey, tidied, withKey, type SharedKey, type SharedState } from './shared-state.ts'

/** What a replica works with. */
export interface ReplicaSettings {
  readonly document: KeyDocument
  /** Of the purpose `keys`. */
  readonly ring: SecretRing
  readonly rotation: Rotation
  /** A clock that nobody sets back: only how much it moves counts. */
  readonly elapsed: Now
  /** Gives the first key, where there never was one; throws where this node may not. */
  readonly first: () => Promise<KeyObject>
  /** Called after each change, with what was there before. */
  readonly changed: (before: SharedState | undefined, after: SharedState) => void
  /** Called when this node put back what the store had lost. */
  readonly restored: (why: string) => void
}

/** What is to be done to the keys, on top of what has to be done anyway. */
export interface Wish {
  /** Done to whatever is stored by then, at each try. */
  change?(state: SharedState, now: number): SharedState
  /** Whether the next key is to be published. */
  isDue(state: SharedState, now: number): boolean
}

/** A text that was read. */
interface Opened {
  readonly version: string
  readonly state: SharedState
  /** The id of the secret that it is sealed with. */
  readonly sealedBy: string
}

/** How long a call to the document may take, and how late a writing may arrive there. */
export const CALL_MS = 5_000
/** Others come first at most as often as there are others who write at this moment. */
const MOST_TRIES = 32

/** A node's copy of what is stored: read, brought together with what the node has, and written if that says more. */
export class Replica {
  readonly #own: ReplicaSettings
  #state: SharedState | undefined
  /** Of the document's clock over ours. Never ahead of it: what was read took some time to come. */
  #offset = 0
  #readAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  /** What was read last need not be opened again. */
  #opened: Opened | undefined
  #sealedBy: string | undefined
  /** Whether there is something that only this node knows, by its own doing. */
  #unsaved = false
  #queue: Promise<unknown> = Promise.resolve()

  constructor(own: ReplicaSettings) {
    this.#own = own
  }

  /** After the first {@link sync}. */
  get state(): SharedState {
    return this.#state as SharedState
  }

  /** The id of the secret that the stored keys are sealed with. */
  get sealedBy(): string | undefined {
    return this.#sealedBy
  }

  /** The time of the document. */
  now(): number {
    return Math.floor(this.#offset + this.#own.elapsed())
  }

  /** Since when nothing has been heard of the others, in milliseconds: since the last reading began. */
  staleness(): number {
    return Math.max(0, this.#own.elapsed() - this.#readAt)
  }

  /** How long ago the last reading was tried. */
  sinceTry(): number {
    return this.#own.elapsed() - this.#triedAt
  }

  /** Takes a change at once, before it is stored; a {@link sync} has to follow. */
  hold(state: SharedState): void {
    this.#unsaved = true
    this.#take(state)
  }

  /**
   * Reads what is stored, and writes what it lacks. One at a time.
   *
   * @returns the id of the key that was published, if one was
   */
  sync(wish: Wish): Promise<string | undefined> {
    const run = this.#queue.then(() => this.#sync(wish))
    this.#queue = run.catch(() => {})
    return run
  }

  async #sync(wish: Wish): Promise<string | undefined> {
    const { document, ring, rotation } = this.#own
    let spare: KeyObject | undefined
    let restores: string | undefined
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { now, version, stored, sealedBy } = await this.#read()
      const ours = this.#state
      const known = together(ours, stored, now, rotation.policy)
      if (known === undefined) {
        // Not taken before it is stored: of two nodes that begin at once, the second finds the key of the first.
        spare ??= await this.#own.first()
        if (await this.#write(begun(spare, now, rotation), undefined, now)) return undefined
        continue
      }
      if (!this.#unsaved) restores ??= whyRestored(ours, stored)
      let state = filled(wish.change?.(known, now) ?? known, now, rotation)
      this.#take(state)
      if (document.write === undefined) return undefined
      let made: string | undefined
      if (wish.isDue(state, now)) {
        if (spare === undefined) {
          spare = await generate(rotation.algorithm)
          continue // that took a while, and times are counted from the last reading
        }
        state = withKey(state, rotation.algorithm, spare, now, rotation.policy)
        made = state.keys.at(-1)?.kid
      }
      if (stored !== undefined && isSame(state, stored) && sealedBy === ring.current().kid) return undefined
      if (!(await this.#write(state, version, now))) continue
      if (restores !== undefined) this.#own.restored(restores)
      return made
    }
    throw new KeyDocumentError('key_document_contended')
  }

  async #read() {
    const begun = this.#own.elapsed()
    this.#triedAt = begun
    const { now, stored } = await inTime(this.#own.document.read())
    if (stored !== undefined && this.#opened?.version !== stored.version) {
      const { state, kid } = unseal(stored.text, this.#own.ring, this.#state?.keys)
      this.#opened = { version: stored.version, state, sealedBy: kid }
    }
    // Who only reads cannot put back what is gone, and has heard nothing new.
    if (stored === undefined && this.#own.document.write === undefined) throw new KeyDocumentError('key_document_empty')
    this.#offset = now - this.#own.elapsed()
    this.#readAt = begun
    if (stored === undefined) return { now: Math.floor(now), version: undefined, stored: undefined, sealedBy: undefined }
    const opened = this.#opened as Opened
    this.#sealedBy = opened.sealedBy
    return { now: Math.floor(now), version: stored.version, stored: opened.state, sealedBy: opened.sealedBy }
  }

  async #write(state: SharedState, version: string | undefined, now: number): Promise<boolean> {
    const { document, ring } = this.#own
    const next = { ...state, revision: state.revision + 1 }
    const sealedBy = ring.current().kid
    if (!(await inTime((document as WritableKeyDocument).write(version, seal(next, ring), now + CALL_MS)))) return false
    this.#unsaved = false
    this.#sealedBy = sealedBy
    this.#take(next)
    return true
  }

  #take(state: SharedState): void {
    const before = this.#state
    this.#state = state
    if (before === undefined || !isSame(before, state)) this.#own.changed(before, state)
  }
}

/** What this node knows, once it has read. */
function together(
  ours: SharedState | undefined,
  stored: SharedState | undefined,
  now: number,
  policy: RotationPolicy,
): SharedState | undefined {
  const one = ours ?? stored
  if (one === undefined) return undefined
  return tidied(ours === undefined || stored === undefined ? one : merged(ours, stored, now, policy), now, policy)
}

/** A new set. Nobody has signed anything yet, so nobody has to be waited for. */
function begun(first: KeyObject, now: number, rotation: Rotation): SharedState {
  return { id: randomUUID(), bornAt: now, revision: 0, keys: [atOnce(first, now, rotation)], banned: [] }
}

/** A set without a key gets one at once: nobody could sign anything. */
export function filled(state: SharedState, now: number, rotation: Rotation): SharedState {
  if (state.keys.length > 0) return state
  return { ...state, keys: [atOnce(generateNow(rotation.algorithm), now, rotation)] }
}

function atOnce(key: KeyObject, now: number, { algorithm, policy }: Rotation): SharedKey {
  return sharedKey(algorithm, key, now, now, policy.tokenTtlMs)
}

function whyRestored(ours: SharedState | undefined, stored: SharedState | undefined): string | undefined {
  if (ours === undefined) return undefined
  if (stored === undefined) return 'it was empty'
  if (stored.id !== ours.id) return 'somebody had begun another set'
  return stored.revision < ours.revision ? 'it was older' : undefined
}

/** A call that never ends would hold up all that follow. */
async function inTime<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KeyDocumentError('key_document_silent')), CALL_MS)
  })
  try {
    return await Promise.race([call, late])
  } finally {
    clearTimeout(timer)
  }
}
