import { fakeClock } from '@wardstone/testkit'
import { generateSecret, secretRing } from '@wardstone/core'
import { describe, expect, it } from 'vitest'
import { createKeySet, createSharedKeySet, createVerifier, memoryKeyDocument } from '../src/index.ts'
import { fleet, maxAgeOf, published, stages, textOf, wayTo } from './kit/fleet.ts'
import { AUDIENCE, codeOf, ISSUER } from './kit/service.ts'
import { pairOf, payloadAt } from './kit/tokens.ts'

/** jwksMaxAge, skew, two polls, and the time that a call may take. */
const LEAD = 300_000 + 5_000 + 60_000 + 5_000

describe('a first key', () => {
  it('[TOK-6] signs at once, and is the same for nodes that begin at the same time', async () => {
    const { start } = fleet()
    const nodes = await Promise.all(Array.from({ length: 8 }, () => start()))
    expect(new Set(nodes.map((node) => node.signer().kid)).size).toBe(1)
    for (const node of nodes) expect(stages(node)).toBe('active')
  })

  it('[TOK-6] is made in production only by a node that is told to', async () => {
    const { start } = fleet()
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      await expect(start()).rejects.toMatchObject({ code: 'key_document_empty', retryable: true })
      const first = await start({ bootstrap: true })
      expect((await start()).signer().kid).toBe(first.signer().kid)
    } finally {
      process.env['NODE_ENV'] = before
    }
  })

  it('[TOK-6] can be the one that signed before, so that no token is refused', async () => {
    const { start } = fleet()
    const { kid, privateKey } = pairOf('EdDSA')
    const alone = createKeySet({ algorithm: 'EdDSA', initial: privateKey })
    const node = await start({ initial: privateKey })
    expect([alone.signer().kid, node.signer().kid, (await start()).signer().kid]).toEqual([kid, kid, kid])
  })
})

describe('a rotation', () => {
  it('[TOK-6] is published by all nodes within a poll, and signs on all of them at the same moment', async () => {
    const { clock, start, names } = fleet()
    const [a, b] = [await start(), await start()]
    const old = a.signer().kid
    const next = await a.rotate()
    expect(next).toMatchObject({ stage: 'published', activateAt: clock.now() + LEAD })
    expect([published(a), published(b)]).toEqual([[old, next.kid], [old]])
    clock.advance('30s')
    await b.tick()
    expect(published(b)).toEqual([old, next.kid])
    clock.advance(LEAD - 30_000 - 1)
    expect([a.signer().kid, b.signer().kid]).toEqual([old, old])
    clock.advance(1)
    expect([a.signer().kid, b.signer().kid]).toEqual([next.kid, next.kid])
    clock.advance('15m')
    expect([a.candidates(old).length, b.candidates(old).length]).toEqual([1, 1])
    clock.advance('5m')
    expect([a.candidates(old).length, b.candidates(old).length]).toEqual([0, 0])
    const each = ['key_published', 'key_activated', 'key_removed']
    expect([...names()].sort()).toEqual([...each, ...each].sort())
  })

  it('[TOK-6] that is due on all nodes at once makes one key', async () => {
    const { clock, start } = fleet({ rotateEvery: '1h' })
    const nodes = [await start(), await start(), await start(), await start()]
    clock.advance('55m')
    await Promise.all(nodes.map((node) => node.tick()))
    await Promise.all(nodes.map((node) => node.tick()))
    for (const node of nodes) expect(stages(node)).toBe('active published')
    expect(new Set(nodes.map((node) => published(node).join())).size).toBe(1)
  })

  it('[TOK-6] that is asked for twice on a node while it is being made is one', async () => {
    const { start } = fleet()
    const node = await start()
    const [a, b] = await Promise.all([node.rotate(), node.rotate()])
    expect([a.kid, stages(node)]).toEqual([b.kid, 'active published'])
  })

  it('[TOK-6] leaves no key behind in the store when its last token has expired', async () => {
    const { clock, document, ring, start } = fleet()
    const node = await start()
    const old = node.signer().kid
    await node.rotate()
    const grown = (await textOf(document))?.length ?? 0
    clock.advance('2h')
    await node.tick()
    expect((await textOf(document))?.length).toBeLessThan(grown * 0.7)
    expect(await createSharedKeySet({ document, ring, now: clock.now }).then((set) => set.candidates(old))).toEqual([])
  })

  it('[TOK-6] says once that a key has gone, also while it is still stored', async () => {
    const { clock, start, names } = fleet()
    const node = await start()
    await node.rotate()
    clock.advance('1000s')
    await node.rotate()
    for (const step of [341_000, 30_000]) {
      clock.advance(step)
      node.signer()
    }
    await node.rotate()
    expect(names().filter((name) => name === 'key_removed')).toHaveLength(1)
  })

  it('[TOK-6] does not happen after its time: what was written late is not stored', async () => {
    const { clock, document, start } = fleet()
    const node = await start()
    const slow = await start({
      document: {
        read: () => document.read(),
        write: async (expected, text, notAfter) => {
          if (stages(node) === 'active' && clock.offset() < 60_000) clock.advance('10m') // on its way
          return document.write(expected, text, notAfter)
        },
      },
    })
    const { createdAt, activateAt } = await slow.rotate()
    expect([createdAt, activateAt]).toEqual([clock.now(), clock.now() + LEAD])
  })

  it('[TOK-5] verifies what other nodes sign', async () => {
    const { clock, start } = fleet()
    const [a, b] = [await start(), await start()]
    const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: b, revocation: 'none', now: clock.now })
    expect(codeOf(verifier.verify(await a.signer().sign(payloadAt(clock.now()), 'at+jwt')))).toBe('ok')
  })
})

describe('nodes with other options', () => {
  it('[TOK-6] agree on the longest of their times, while a deploy is under way', async () => {
    const { clock, start } = fleet()
    const old = await start()
    const { kid } = await old.rotate()
    const made = old.signer().kid
    const next = await start({ tokenTtl: '2h', jwksMaxAge: '1h' })
    await old.tick()
    const [first, second] = old.timeline()
    expect(second?.activateAt).toBeGreaterThanOrEqual(clock.now() + 3_600_000)
    expect(first?.removeAt).toBeGreaterThanOrEqual((second?.activateAt ?? 0) + 7_200_000)
    expect([made, kid]).toEqual([first?.kid, second?.kid])
    expect(next.timeline().map(({ activateAt }) => activateAt)).toEqual(old.timeline().map(({ activateAt }) => activateAt))
  })

  it('[TOK-6] do not put back what others have thrown away, in turn', async () => {
    const { clock, start } = fleet()
    const [hasty, slow] = [await start({ poll: '1s' }), await start({ poll: '60s' })]
    await slow.rotate()
    await hasty.tick()
    for (let i = 0; i < 40; i++) {
      clock.advance('60s')
      const before = slow.stats().revision
      for (const node of [hasty, slow, hasty, slow]) await node.tick()
      expect(slow.stats().revision - before).toBeLessThanOrEqual(1)
    }
    expect([stages(hasty), stages(slow)]).toEqual(['active', 'active'])
  })

  it('[TOK-6] change the algorithm with the next key', async () => {
    const { clock, start } = fleet()
    const [old, next] = [await start(), await start({ algorithm: 'ES256' })]
    expect(next.signer().alg).toBe('EdDSA')
    await next.rotate()
    await old.tick()
    clock.advance(LEAD)
    expect([old.signer().alg, next.signer().alg]).toEqual(['ES256', 'ES256'])
  })
})

describe('time', () => {
  it('[TOK-6] is the store’s: a node that is ten minutes off signs with the same key at the same moment', async () => {
    const { clock, start } = fleet()
    const nodes = await Promise.all([0, 600_000, -600_000].map((off) => start({ now: () => clock.now() + off })))
    await nodes[0]?.rotate()
    for (const node of nodes) await node.tick()
    for (const step of [LEAD - 1, 1, 20 * 60_000]) {
      clock.advance(step)
      expect(new Set(nodes.map((node) => `${node.signer().kid} ${stages(node)}`)).size).toBe(1)
    }
  })
})

describe('words', () => {
  it('[TOK-6] say of each key what happens when', async () => {
    const document = memoryKeyDocument({ now: fakeClock().now })
    const ring = secretRing({ current: generateSecret() })
    const node = await createSharedKeySet({ document, ring, algorithm: 'EdDSA', now: fakeClock().now })
    const [first, next] = [node.signer().kid, await node.rotate()]
    node.close()
    expect(node.describe()).toBe(
      [
        `${first}: signs since 2030-01-01T00:00:00Z, until 2030-01-01T00:06:10Z, then verifies until 2030-01-01T00:22:20Z`,
        `${next.kid}: published since 2030-01-01T00:00:00Z, signs from 2030-01-01T00:06:10Z until another is made, due 2030-04-01T00:00:00Z`,
      ].join('\n'),
    )
  })
})

describe('a copy for verifiers', () => {
  it('[TOK-6] may be kept for less when this node has not heard of the others for long', async () => {
    const { clock, document, start } = fleet()
    const way = wayTo(document)
    const node = await start({ document: way })
    expect(maxAgeOf(node)).toBe(300_000)
    clock.advance('60s')
    expect(maxAgeOf(node)).toBe(300_000)
    way.cut = true
    clock.advance('4m')
    await node.tick().catch(() => {})
    expect(maxAgeOf(node)).toBe(60_000)
    clock.advance('10m')
    expect(maxAgeOf(node)).toBe(0)
    way.cut = false
    await node.tick()
    expect(maxAgeOf(node)).toBe(300_000)
  })

  it('[TOK-6] is as old as the question that brought its keys, not as the answer', async () => {
    const { clock, document, start } = fleet()
    await start()
    const node = await start({
      document: {
        async read() {
          const answer = await document.read()
          clock.advance('4m') // on its way
          return answer
        },
      },
    })
    expect([node.stats().staleness, maxAgeOf(node)]).toEqual([240_000, 120_000])
  })
})
