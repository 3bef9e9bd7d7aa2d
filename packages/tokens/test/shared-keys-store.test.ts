import { generateSecret, secretRing } from '@wardstone/core'
import { describe, expect, it, vi } from 'vitest'
import { memoryKeyDocument, type KeyDocumentError } from '../src/index.ts'
import { fleet, published, stages, textOf, wayTo } from './kit/fleet.ts'

describe('a store that', () => {
  it('[TOK-6] came back empty gets the same keys again, from a node that has them', async () => {
    const { clock, start, events } = fleet()
    let document = memoryKeyDocument({ now: clock.now })
    const store = {
      read: () => document.read(),
      write: (...args: Parameters<typeof document.write>) => document.write(...args),
    }
    const nodes = [await start({ document: store }), await start({ document: store })]
    await nodes[0]?.rotate()
    await nodes[1]?.tick()
    const before = nodes.map(published)
    document = memoryKeyDocument({ now: clock.now })
    await Promise.all(nodes.map((node) => node.tick()))
    expect([...nodes.map(published), published(await start({ document: store }))]).toEqual([...before, before[0]])
    expect(events.filter(({ name }) => name === 'key_document_restored')).toMatchObject([{ data: { why: 'it was empty' } }])
  })

  it('[TOK-6] came back empty and was given a first key by somebody keeps the old ones, and waits with that one', async () => {
    const { clock, start } = fleet()
    let document = memoryKeyDocument({ now: clock.now })
    const store = {
      read: () => document.read(),
      write: (...args: Parameters<typeof document.write>) => document.write(...args),
    }
    const old = await start({ document: store })
    const first = old.signer().kid
    clock.advance('1d')
    document = memoryKeyDocument({ now: clock.now })
    const hasty = await start({ document: store })
    const other = hasty.signer().kid
    await old.tick()
    await hasty.tick()
    for (const node of [old, hasty]) {
      expect([node.signer().kid, stages(node), published(node)]).toEqual([first, 'active published', [first, other]])
    }
    clock.advance('7m')
    expect([old.signer().kid, hasty.signer().kid]).toEqual([other, other])
  })

  it('[TOK-6] forgot the last writing gets it back', async () => {
    const { document, start, names } = fleet()
    const [a, b] = [await start(), await start()]
    const before = (await document.read()).stored
    const { kid, activateAt } = await a.rotate()
    const { stored, now } = await document.read()
    await document.write(stored?.version, before?.text ?? '', now + 1)
    await b.tick()
    expect(published(b)).not.toContain(kid)
    await a.tick()
    await b.tick()
    expect(b.timeline().at(-1)).toMatchObject({ kid, activateAt })
    expect(names()).toContain('key_document_restored')
  })

  it('[TOK-6] does not answer changes nothing here; the rotation waits, and is said once', async () => {
    const { clock, document, start, names, events } = fleet({ rotateEvery: '1h' })
    const way = wayTo(document)
    const node = await start({ document: way })
    const kid = node.signer().kid
    way.cut = true
    clock.advance('2h')
    for (let i = 0; i < 3; i++) await node.tick().catch(() => {})
    expect([node.signer().kid, stages(node), node.candidates(kid).length]).toEqual([kid, 'active', 1])
    expect(node.stats()).toMatchObject({ staleness: 7_200_000, stale: true })
    expect(node.stats().rotationDueAt).toBeLessThan(clock.now())
    expect(names()).toEqual(['key_document_unreachable', 'key_set_stale'])
    expect(JSON.stringify(events)).not.toContain('secret detail')
    way.cut = false
    await node.tick()
    expect([stages(node), node.stats().stale]).toEqual(['active published', false])
  })

  it('[TOK-6] did not say whether it wrote is asked, and a key is not made twice', async () => {
    const { document, start } = fleet({ rotateEvery: '1h' })
    let lost = 0
    const node = await start({
      document: {
        read: () => document.read(),
        async write(...args) {
          const written = await document.write(...args)
          if (lost++ === 1) throw new Error('the answer was lost')
          return written
        },
      },
    })
    await expect(node.rotate()).rejects.toThrow('lost')
    await node.tick()
    expect(stages(node)).toBe('active published')
  })

  it('[TOK-6] never answers holds nobody up for ever', async () => {
    const { document, start } = fleet()
    let hangs = false
    const node = await start({
      document: {
        ...document,
        read: () => (hangs ? new Promise(() => {}) : document.read()),
      },
    })
    hangs = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const [outcome] = [node.tick().catch((error: unknown) => error), await vi.advanceTimersByTimeAsync(5_000)]
      expect(await outcome).toMatchObject({ code: 'key_document_silent', retryable: true })
    } finally {
      vi.useRealTimers()
    }
  })

  it('[TOK-6] is not there yet is an error at the start', async () => {
    const { document, start } = fleet()
    const way = wayTo(document)
    way.cut = true
    await expect(start({ document: way })).rejects.toMatchObject({ code: 'EOUT' })
  })
})

describe('what is stored', () => {
  it('[TOK-6] tells nothing of a key', async () => {
    const { document, start } = fleet()
    const node = await start()
    const { kid } = await node.rotate()
    const text = (await textOf(document)) ?? ''
    for (const word of [kid, 'pkcs8', 'createdAt', node.signer().kid]) expect(text).not.toContain(word)
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['v', 'id', 'kid', 'sealed'])
  })

  const put = async ({ document }: ReturnType<typeof fleet>, change: (text: string) => string): Promise<void> => {
    const { now, stored } = await document.read()
    await document.write(stored?.version, change(stored?.text ?? ''), now + 1)
  }

  it.each<[string, (text: string) => string]>([
    ['nonsense', () => 'secret detail'],
    ['JSON of another kind', () => '[1]'],
    ['nothing', () => ''],
    ['a text cut off', (text) => text.slice(0, -20)],
    ['another id of the set', (text) => text.replace(/"id":"./, '"id":"~')],
    ['a changed byte', (text) => text.replace(/.{8}"}$/, 'AAAAAAAA"}')],
    ['a later version', (text) => text.replace('"v":1', '"v":2')],
    ['something huge', (text) => text.padEnd(2_000_000)],
  ])('[TOK-6] and is %s never replaces good keys, and is not written over', async (_, change) => {
    const here = fleet()
    const node = await here.start()
    const before = published(node)
    await put(here, change)
    const broken = await textOf(here.document)
    for (let i = 0; i < 3; i++) await expect(node.tick()).rejects.toMatchObject({ code: 'key_document_unreadable' })
    await expect(node.rotate()).rejects.toMatchObject({ code: 'key_document_unreadable' })
    expect([published(node), await textOf(here.document)]).toEqual([before, broken])
    expect(here.names()).toEqual(['key_document_rejected'])
    expect(JSON.stringify(here.events)).not.toContain('secret detail')
    await expect(here.start()).rejects.toMatchObject({ code: 'key_document_unreadable', retryable: false })
  })

  it('[TOK-6] cannot be opened with the same secret used for something else, or with another one', async () => {
    const { document, start } = fleet()
    const node = await start()
    const text = (await textOf(document)) ?? ''
    const other = fleet()
    await other.document.write(undefined, text, other.clock.now())
    const error = (await other.start().catch((e: unknown) => e)) as KeyDocumentError
    expect([error.code, error.message]).toEqual([
      'key_document_unreadable',
      expect.stringMatching(/^the stored keys cannot be read: sealed with the secret [\w-]{8}, which is not in the ring$/),
    ])
    expect(node.stats().sealedBy).toBe((JSON.parse(text) as { kid: string }).kid)
  })
})

describe('the secret of the store', () => {
  it('[TOK-6] is exchanged while serving: the keys are sealed anew, and say when the old one may go', async () => {
    const { start, ring, document } = fleet()
    const [a, b] = [await start(), await start()]
    const old = ring.current()
    const next = generateSecret()
    ring.replace({ current: old, next })
    await a.tick()
    expect(a.stats().sealedBy).toBe(old.kid)
    ring.replace({ current: next, previous: old })
    await a.tick()
    await b.tick()
    expect([a.stats().sealedBy, b.stats().sealedBy]).toEqual([next.kid, next.kid])
    const kid = a.signer().kid
    const without = await start({ ring: secretRing({ current: next }) })
    expect(without.signer().kid).toBe(kid)
    expect((await document.read()).stored?.text).not.toContain(old.kid)
  })

  it('[TOK-6] that a node lacks leaves it with the keys that it has', async () => {
    const { start, ring } = fleet()
    const node = await start({ ring: secretRing({ current: ring.current() }) })
    const { kid } = node.signer()
    ring.replace({ current: generateSecret(), previous: ring.current() })
    const other = await start()
    await other.rotate()
    await expect(node.tick()).rejects.toMatchObject({ code: 'key_document_unreadable' })
    expect([node.signer().kid, stages(node)]).toEqual([kid, 'active'])
  })
})
