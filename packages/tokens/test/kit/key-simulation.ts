import { generateSecret, secretRing } from '@wardstone/core'
import { vi } from 'vitest'
import { createSharedKeySet, memoryKeyDocument, type SharedKeySet, type WritableKeyDocument } from '../../src/index.ts'
import { maxAgeOf, published } from './fleet.ts'

/** What goes wrong on top of what always does. */
export interface Weather {
  readonly seed: number
  readonly rotations: number
  /** The longest that a node may be without an answer. */
  readonly longestGapMs: number
  /** Copies are kept for this long, whatever their node says. */
  readonly keptForMs?: number | undefined
  /** The time that a node reads, given the store's and its own. */
  readonly timeOf?: ((store: number, own: number) => number) | undefined
  /** Whether the store takes what arrives too late. */
  readonly takesLate?: boolean | undefined
}

/** What came of it. */
export interface Outcome {
  readonly rotations: number
  readonly verified: number
  readonly refused: number
  readonly failedReads: number
  readonly longestGapMs: number
}

const STEP = 5_000
const TTL = 900_000
const NODES = 8
const OFFSETS = [0, 600_000, -600_000, 5_000, -5_000, 86_400_000, -86_400_000, 1]

/** A service elsewhere, which fetches the keys from whatever node answers, and only when its copy has expired. */
interface Copy {
  kids: ReadonlySet<string>
  until: number
}

/**
 * Runs nodes with wrong clocks, slow and lost calls to the store, and separate verifiers behind caches. Everything that is signed is verified everywhere
 * at once, and again before it expires. Timers are the simulation's, so that a seed says all; whoever runs it makes keys take no time.
 */
export async function simulate(weather: Weather): Promise<Outcome> {
  const random = randomOf(weather.seed)
  const ring = secretRing({ current: generateSecret() })
  const course: Course = { calm: true, failed: 0, longestGapMs: 0 }
  const kids = new Set<string>()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  const now = (): number => Date.now() // goes with the timers
  const store = memoryKeyDocument({ now })
  const nodes: SharedKeySet[] = []
  try {
    for (const offset of OFFSETS.slice(0, NODES)) {
      const own = (): number => now() * (1 + 5e-9) + offset
      const starting = createSharedKeySet({
        document: badWay(store, random, weather, own, course),
        ring,
        algorithm: 'EdDSA',
        rotateEvery: '20m',
        tokenTtl: TTL,
        now: own,
      })
      await vi.advanceTimersByTimeAsync(60_000 + 700 * nodes.length) // so that their timers are not in step
      nodes.push(await starting)
    }
    course.calm = false
    const copies = Array.from({ length: 10 }, (): Copy => ({ kids: new Set(), until: 0 }))
    const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const alive: { readonly kid: string; readonly exp: number }[] = []
    let [verified, refused] = [0, 0]
    const verifyEverywhere = (kid: string): void => {
      for (const node of nodes) if (node.candidates(kid).length === 0) refused++
      for (const copy of copies) {
        if (now() >= copy.until) {
          const from = any(nodes)
          copy.kids = new Set(published(from))
          copy.until = now() + 2_000 + (weather.keptForMs ?? maxAgeOf(from)) // two seconds on its way
        }
        if (!copy.kids.has(kid)) refused++
      }
      verified += nodes.length + copies.length
    }
    const end = now() + 2 * weather.rotations * 1_200_000
    while (kids.size <= weather.rotations && now() < end) {
      await vi.advanceTimersByTimeAsync(STEP)
      // All of them, since whoever is late is the one to look at.
      for (const kid of new Set(nodes.map((node) => node.signer().kid))) {
        kids.add(kid)
        verifyEverywhere(kid)
        alive.push({ kid, exp: now() + TTL })
      }
      while ((alive[0]?.exp ?? Infinity) - now() <= STEP) verifyEverywhere((alive.shift() as { kid: string }).kid)
    }
    return { rotations: kids.size - 1, verified, refused, failedReads: course.failed, longestGapMs: course.longestGapMs }
  } finally {
    for (const node of nodes) node.close()
    vi.useRealTimers()
  }
}

/** How it goes. */
interface Course {
  calm: boolean
  failed: number
  longestGapMs: number
}

/** A way to the store that is slow, loses calls and answers, and breaks for minutes. */
function badWay(
  store: WritableKeyDocument,
  random: () => number,
  weather: Weather,
  own: () => number,
  course: Course,
): WritableKeyDocument {
  let answeredAt = Date.now()
  let brokenUntil = 0
  const later = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms))
  return {
    async read() {
      // A gap ends in time: the next reading may be a poll later, and takes at most a second.
      const must = course.calm || Date.now() - answeredAt > weather.longestGapMs - 35_000
      if (must) brokenUntil = 0
      else if (random() < 0.02) brokenUntil = Date.now() + random() * weather.longestGapMs
      if (Date.now() < brokenUntil || (!must && random() < 0.05)) {
        course.failed++
        if (random() < 0.5) await later(60_000) // longer than anybody waits
        throw new Error('lost')
      }
      await later(random() * 500)
      const begun = Date.now()
      const { now, stored } = await store.read()
      await later(random() * (must ? 500 : 4_000))
      course.longestGapMs = Math.max(course.longestGapMs, Date.now() - answeredAt)
      answeredAt = begun
      return { now: weather.timeOf?.(now, own()) ?? now, stored }
    },
    async write(expected, text, notAfter) {
      const how = course.calm ? 0.5 : random()
      if (how < 0.1) throw new Error('lost on its way')
      await later(how < 0.3 ? 20_000 + random() * 300_000 : random() * 2_000)
      const written = await store.write(expected, text, weather.takesLate === true ? Infinity : notAfter)
      if (how > 0.9) throw new Error('answer lost')
      await later(random() * 2_000)
      return written
    },
  }
}

/** The same sequence for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
