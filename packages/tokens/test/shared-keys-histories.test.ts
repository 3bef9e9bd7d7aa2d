import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryKeyDocument, type SharedKeySet, type WritableKeyDocument } from '../src/index.ts'
import { fleet, Outage, published } from './kit/fleet.ts'

const NODES = 3

type Act =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'rotate' | 'remove' | 'tick' | 'cut' | 'mend'; readonly node: number }
  /** The store is as it was at an earlier moment, or empty. */
  | { readonly kind: 'back'; readonly to: number }
  | { readonly kind: 'together' }

const node = fc.nat(NODES - 1)
const acts = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 500_000 }).map((ms): Act => ({ kind: 'wait', ms })) },
    { weight: 4, arbitrary: node.map((n): Act => ({ kind: 'tick', node: n })) },
    { weight: 2, arbitrary: node.map((n): Act => ({ kind: 'rotate', node: n })) },
    { weight: 1, arbitrary: node.map((n): Act => ({ kind: 'remove', node: n })) },
    { weight: 1, arbitrary: node.map((n): Act => ({ kind: 'cut', node: n })) },
    { weight: 2, arbitrary: node.map((n): Act => ({ kind: 'mend', node: n })) },
    { weight: 1, arbitrary: fc.nat(10).map((to): Act => ({ kind: 'back', to })) },
    { weight: 2, arbitrary: fc.constant<Act>({ kind: 'together' }) },
  ),
  { minLength: 5, maxLength: 40 },
)

it('[TOK-5] [TOK-6] nodes agree again after whatever happened, without a key that leaked, and never without one that signs', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (history) => {
      const { clock, start } = fleet({ rotateEvery: '1h' })
      let document = memoryKeyDocument({ now: clock.now })
      const texts: (string | undefined)[] = [undefined]
      const cut = new Set<number>()
      const way = (n: number): WritableKeyDocument => ({
        async read() {
          if (cut.has(n)) throw new Outage()
          return document.read()
        },
        async write(...args) {
          const written = await document.write(...args)
          if (written) texts.push(args[1])
          return written
        },
      })
      const nodes: SharedKeySet[] = []
      for (let n = 0; n < NODES; n++) nodes.push(await start({ document: way(n) }))
      const leaked = new Set<string>()
      const at = (n: number): SharedKeySet => nodes[n] as SharedKeySet
      const quietly = (call: Promise<unknown>): Promise<unknown> =>
        call.catch((error: unknown) => expect(error).toBeInstanceOf(Outage))
      for (const act of history) {
        if (act.kind === 'wait') clock.advance(act.ms)
        if (act.kind === 'tick') await quietly(at(act.node).tick())
        if (act.kind === 'rotate') await quietly(at(act.node).rotate())
        if (act.kind === 'cut') cut.add(act.node)
        if (act.kind === 'mend') cut.delete(act.node)
        if (act.kind === 'together') await Promise.all(nodes.map((one) => quietly(one.tick())))
        if (act.kind === 'remove') {
          const { kid } = at(act.node).signer()
          leaked.add(kid)
          const removing = quietly(at(act.node).remove(kid))
          expect(at(act.node).candidates(kid)).toEqual([])
          await removing
        }
        if (act.kind === 'back') {
          document = memoryKeyDocument({ now: clock.now })
          const text = texts.at(-1 - act.to)
          if (text !== undefined) await document.write(undefined, text, Infinity)
        }
        for (const one of nodes) expect(one.timeline().filter(({ stage }) => stage === 'active')).toHaveLength(1)
      }
      cut.clear()
      for (let round = 0; round < 3; round++) for (const one of nodes) await one.tick()
      expect(new Set(nodes.map((one) => JSON.stringify([one.signer().kid, one.timeline()]))).size).toBe(1)
      for (const kid of leaked) for (const one of nodes) expect(published(one)).not.toContain(kid)
      return true
    }),
    { numRuns: 60, seed: 6 },
  )
}, 30_000)
