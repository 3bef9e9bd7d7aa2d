import { generateSecret, secretRing } from '@wardstone/core'
import type { FakeClock } from '@wardstone/testkit'
import { expect, it } from 'vitest'
import { createSharedKeySet, type WritableKeyDocument } from '../../src/index.ts'
import { published } from './fleet.ts'

/** A place in a store that nobody has used yet, and a clock that its own goes with. */
export interface DocumentStage {
  readonly document: WritableKeyDocument
  readonly clock: FakeClock
}

/** What every place of keys must do. */
export function itKeepsKeys(open: () => Promise<DocumentStage> | DocumentStage): void {
  it('[TOK-6] holds nothing at first, then what was written, by its own clock', async () => {
    const { document, clock } = await open()
    const empty = await document.read()
    expect(empty.stored).toBeUndefined()
    expect(await document.write(undefined, 'one ünïcode "text"\n', empty.now + 60_000)).toBe(true)
    clock.advance('1h')
    const { now, stored } = await document.read()
    expect(stored?.text).toBe('one ünïcode "text"\n')
    expect(now - empty.now).toBeGreaterThanOrEqual(3_600_000)
    expect(now - empty.now).toBeLessThan(3_660_000)
  })

  it('[TOK-6] takes one of many writings at once, the first and every later one', async () => {
    const { document } = await open()
    for (let round = 0; round < 3; round++) {
      const { now, stored } = await document.read()
      const writings = Array.from({ length: 16 }, (_, i) => document.write(stored?.version, `${round} ${i}`, now + 60_000))
      const taken = (await Promise.all(writings)).flatMap((ok, i) => (ok ? [`${round} ${i}`] : []))
      expect([taken.length, (await document.read()).stored?.text]).toEqual([1, taken[0]])
    }
  })

  it('[TOK-6] takes nothing that expects another version, or that there were none', async () => {
    const { document } = await open()
    const { now } = await document.read()
    const until = now + 60_000
    expect(await document.write('unknown', 'a', until)).toBe(false)
    expect(await document.write(undefined, 'a', until)).toBe(true)
    const first = (await document.read()).stored?.version
    expect(await document.write(undefined, 'b', until)).toBe(false)
    expect(await document.write(first, 'b', until)).toBe(true)
    expect(await document.write((await document.read()).stored?.version, 'a', until)).toBe(true)
    // The same text as before is not the same version: what was between is not to be lost.
    expect(await document.write(first, 'c', until)).toBe(false)
    expect((await document.read()).stored?.text).toBe('a')
  })

  it('[TOK-6] takes nothing that comes too late', async () => {
    const { document, clock } = await open()
    const { now } = await document.read()
    clock.advance('6s')
    expect(await document.write(undefined, 'a', now + 5_000)).toBe(false)
    expect(await document.write(undefined, 'a', now + 60_000)).toBe(true)
    const { stored } = await document.read()
    clock.advance('1m')
    expect(await document.write(stored?.version, 'b', now + 60_000)).toBe(false)
    expect((await document.read()).stored).toEqual(stored)
  })

  it('[TOK-6] holds as much as a hundred keys', async () => {
    const { document } = await open()
    const text = 'k'.repeat(400_000)
    expect(await document.write(undefined, text, (await document.read()).now + 60_000)).toBe(true)
    expect((await document.read()).stored?.text).toBe(text)
  })

  it('[TOK-6] lets eight nodes agree on their first key, on the next one and on what leaked', async () => {
    const { document, clock } = await open()
    const ring = secretRing({ current: generateSecret() })
    const start = () => createSharedKeySet({ document, ring, algorithm: 'EdDSA', rotateEvery: '1h', now: clock.now })
    const nodes = await Promise.all(Array.from({ length: 8 }, start))
    try {
      const all = (ask: (node: (typeof nodes)[0]) => string): readonly string[] => [...new Set(nodes.map(ask))]
      const [first = ''] = all((node) => node.signer().kid)
      expect(all((node) => node.signer().kid)).toEqual([first])
      clock.advance('55m')
      for (let round = 0; round < 2; round++) await Promise.all(nodes.map((node) => node.tick()))
      expect(all((node) => published(node).join(' '))).toEqual([expect.stringMatching(/^\S+ \S+$/)])
      clock.advance('10m')
      const [second = ''] = all((node) => node.signer().kid)
      expect([all((node) => node.signer().kid), second === first]).toEqual([[second], false])
      await nodes[3]?.remove(second)
      await Promise.all(nodes.map((node) => node.tick()))
      expect(all((node) => node.signer().kid)).toEqual([first])
      expect(nodes.flatMap((node) => node.candidates(second))).toEqual([])
    } finally {
      for (const node of nodes) node.close()
    }
  })
}
