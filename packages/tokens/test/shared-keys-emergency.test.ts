import { describe, expect, it } from 'vitest'
import { fleet, Outage, published, stages, wayTo } from './kit/fleet.ts'

describe('an emergency', () => {
  it('[TOK-6] removes a key here from the call on, and everywhere else with the next reading', async () => {
    const { start, events } = fleet()
    const [a, b] = [await start(), await start()]
    const leaked = a.signer().kid
    const removing = a.remove(leaked)
    expect([a.candidates(leaked), a.signer().kid === leaked]).toEqual([[], false])
    expect(await removing).toBe(true)
    await b.tick()
    expect([b.candidates(leaked), published(b)]).toEqual([[], published(a)])
    expect(b.signer().kid).toBe(a.signer().kid)
    expect(b.version).toBeGreaterThan(0) // what was verified before is looked at again
    const compromised = events.filter(({ name }) => name === 'key_compromised')
    expect(compromised).toMatchObject([{ severity: 'critical', data: { kid: leaked } }, { data: { kid: leaked } }])
  })

  it('[TOK-6] lets the key before it sign again, until the next one is known everywhere', async () => {
    const { clock, start } = fleet()
    const [a, b] = [await start(), await start()]
    const before = a.signer().kid
    const leaked = (await a.rotate()).kid
    clock.advance('7m')
    expect(a.signer().kid).toBe(leaked)
    await a.remove(leaked)
    await b.tick()
    expect([a.signer().kid, stages(a), b.signer().kid, stages(b)]).toEqual([
      before,
      'active published',
      before,
      'active published',
    ])
    clock.advance('7m')
    expect([before, leaked]).not.toContain(b.signer().kid)
  })

  it('[TOK-6] lets the next key sign at once where there is none before, with the same times on all nodes', async () => {
    const { clock, start } = fleet()
    const [a, b] = [await start(), await start()]
    const leaked = a.signer().kid
    const next = (await a.rotate()).kid
    await b.tick()
    await b.remove(leaked)
    await a.tick()
    for (const node of [a, b]) expect([node.signer().kid, stages(node)]).toEqual([next, 'active'])
    expect(a.timeline()).toEqual(b.timeline())
    expect(a.timeline()[0]?.activateAt).toBe(clock.now())
  })

  it('[TOK-6] knows a key that another node has made meanwhile, and says whether there was such a key', async () => {
    const { start } = fleet()
    const [a, b] = [await start(), await start()]
    const { kid } = await a.rotate()
    expect([await b.remove(kid), await b.remove(kid), await b.remove('nobody')]).toEqual([true, false, false])
    await a.tick()
    expect([stages(a), published(a)]).toEqual(['active', published(b)])
  })

  it('[TOK-6] of two nodes, each of which removes one of two keys, leaves neither, and one new key for both', async () => {
    const { start } = fleet()
    const [a, b] = [await start(), await start()]
    const first = a.signer().kid
    const { kid: second } = await a.rotate()
    await b.tick()
    await Promise.all([a.remove(first), b.remove(second)])
    await Promise.all([a.tick(), b.tick()])
    await Promise.all([a.tick(), b.tick()])
    expect(published(a)).toEqual(published(b))
    expect(a.signer().kid).toBe(b.signer().kid)
    expect(published(a)).not.toContain(first)
    expect(published(a)).not.toContain(second)
  })

  it('[TOK-6] by eight nodes at once leaves all of them with the same keys', async () => {
    const { start } = fleet()
    const nodes = await Promise.all(Array.from({ length: 8 }, () => start()))
    const leaked = nodes[0]?.signer().kid as string
    await Promise.all(nodes.map((node) => node.remove(leaked)))
    for (let round = 0; round < 2; round++) await Promise.all(nodes.map((node) => node.tick()))
    expect(new Set(nodes.map((node) => `${node.signer().kid} of ${published(node).join()}`)).size).toBe(1)
    expect(published(nodes[0] as (typeof nodes)[0])).not.toContain(leaked)
  })

  it('[TOK-6] holds here while the store is away, and reaches the others when it is back', async () => {
    const { document, start } = fleet()
    const way = wayTo(document)
    const [a, b] = [await start({ document: way }), await start()]
    const leaked = a.signer().kid
    way.cut = true
    await expect(a.remove(leaked)).rejects.toBeInstanceOf(Outage)
    expect(a.candidates(leaked)).toEqual([])
    way.cut = false
    await a.tick()
    await b.tick()
    expect([a.candidates(leaked), b.candidates(leaked)]).toEqual([[], []])
    expect(b.signer().kid).toBe(a.signer().kid)
  })

  it('[TOK-6] is not undone by an older copy of the keys', async () => {
    const { document, start } = fleet()
    const node = await start()
    const leaked = node.signer().kid
    const before = (await document.read()).stored
    await node.remove(leaked)
    const { now, stored } = await document.read()
    await document.write(stored?.version, before?.text ?? '', now + 1) // a backup, or a failover
    await node.tick()
    expect(node.candidates(leaked)).toEqual([])
    expect((await start()).candidates(leaked)).toEqual([])
  })
})
