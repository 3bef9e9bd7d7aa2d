import { generateSecret, secretRing } from '@wardstone/core'
import { fakeClock, type FakeClock } from '@wardstone/testkit'
import {
  createSharedKeySet,
  memoryKeyDocument,
  type KeyDocument,
  type KeyDocumentEvent,
  type KeyEvent,
  type SharedKeySet,
  type SharedKeySetOptions,
  type WritableKeyDocument,
} from '../../src/index.ts'

/** Nodes over one document in memory, with a clock that stands still. */
export interface Fleet {
  readonly clock: FakeClock
  readonly document: WritableKeyDocument
  readonly ring: ReturnType<typeof secretRing>
  readonly events: (KeyEvent | KeyDocumentEvent)[]
  /** Starts one more node. Its options are those of the fleet, but for what is said here. */
  readonly start: (options?: Partial<SharedKeySetOptions>) => Promise<SharedKeySet>
  readonly names: () => readonly string[]
}

export function fleet(common: Partial<SharedKeySetOptions> = {}): Fleet {
  const clock = fakeClock()
  const document = memoryKeyDocument({ now: clock.now })
  const ring = secretRing({ current: generateSecret() })
  const events: (KeyEvent | KeyDocumentEvent)[] = []
  return {
    clock,
    document,
    ring,
    events,
    names: () => events.map(({ name }) => name),
    async start(options = {}) {
      const keys = await createSharedKeySet({
        document,
        ring,
        algorithm: 'EdDSA',
        now: clock.now,
        events: (event) => void events.push(event),
        ...common,
        ...options,
      })
      keys.close() // nobody waits for timers here: nodes read when they are told to
      return keys
    },
  }
}

/** The ids of the published keys. */
export function published(keys: SharedKeySet): readonly string[] {
  return (JSON.parse(keys.jwks().body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

export function stages(keys: SharedKeySet): string {
  return keys
    .timeline()
    .map(({ stage }) => stage)
    .join(' ')
}

/** How long a copy of the published keys may be kept, in milliseconds. */
export function maxAgeOf(keys: SharedKeySet): number {
  return Number(/max-age=(\d+)/.exec(keys.jwks().cacheControl)?.[1]) * 1000
}

/** What a document does not do while it is out of order. */
export class Outage extends Error {
  readonly code = 'EOUT'
}

/** A way to a document that can be cut. */
export function wayTo(document: WritableKeyDocument): WritableKeyDocument & { cut: boolean } {
  return {
    cut: false,
    async read() {
      if (this.cut) throw new Outage('secret detail')
      return document.read()
    },
    async write(expected, text, notAfter) {
      if (this.cut) throw new Outage('secret detail')
      return document.write(expected, text, notAfter)
    },
  }
}

/** The text that is stored, or nothing. */
export async function textOf(document: KeyDocument): Promise<string | undefined> {
  return (await document.read()).stored?.text
}
