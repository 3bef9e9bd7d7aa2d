import { fakeClock } from '@wardstone/testkit'
import { describe, expect, it } from 'vitest'
import { createKeySet, type KeyEvent, type KeySet, type KeySetOptions } from '../src/index.ts'

const DAY = 86_400_000

function setUp(options: KeySetOptions = {}) {
  const clock = fakeClock()
  const events: KeyEvent[] = []
  const keys = createKeySet({ algorithm: 'EdDSA', now: clock.now, events: (event) => void events.push(event), ...options })
  return { clock, events, keys, names: () => events.map((event) => event.name) }
}

const stages = (keys: KeySet): string =>
  keys
    .timeline()
    .map((key) => key.stage)
    .join(' ')
const published = (keys: KeySet): string[] =>
  (JSON.parse(keys.jwks().body) as { keys: { kid: string }[] }).keys.map((key) => key.kid)

describe('a rotation', () => {
  it('[TOK-6] publishes a key, signs with it once every cache has seen it, and drops the old one after its last token', async () => {
    const { clock, keys, names } = setUp()
    const old = keys.signer().kid
    const made = await keys.rotate()
    expect(made).toMatchObject({ stage: 'published', createdAt: clock.now(), activateAt: clock.now() + 300_000 + 5_000 })
    expect([keys.signer().kid, ...published(keys)]).toEqual([old, old, made.kid])
    expect([keys.stageOf(old), keys.stageOf(made.kid)]).toEqual(['active', 'published'])
    clock.advance(304_999)
    expect(keys.signer().kid).toBe(old)
    clock.advance(1)
    expect([keys.signer().kid, ...published(keys)]).toEqual([made.kid, old, made.kid])
    expect([keys.stageOf(old), keys.stageOf(made.kid)]).toEqual(['retired', 'active'])
    expect(keys.candidates(old)).toHaveLength(1)
    clock.advance(15 * 60_000 + 5_000 - 1)
    expect(keys.candidates(old)).toHaveLength(1)
    clock.advance(1)
    expect(keys.candidates(old)).toEqual([])
    expect([keys.signer().kid, ...published(keys)]).toEqual([made.kid, made.kid])
    expect(keys.stageOf(old)).toBe('unknown')
    expect(names()).toEqual(['key_published', 'key_activated', 'key_removed'])
  })

  it('[TOK-5] verifies with several keys at once, each by its own id', async () => {
    const { clock, keys } = setUp({ tokenTtl: '1d' })
    const kids = [keys.signer().kid]
    for (let i = 0; i < 3; i++) {
      kids.push((await keys.rotate()).kid)
      clock.advance('10m')
    }
    expect(new Set(kids).size).toBe(4)
    for (const kid of kids) expect(keys.candidates(kid).map((key) => key.kid)).toEqual([kid])
    expect(keys.candidates('nobody')).toEqual([])
    expect(keys.candidates(undefined)).toEqual([])
  })

  it('[TOK-6] that many ask for at once makes one key', async () => {
    const { keys, names } = setUp()
    const made = await Promise.all(Array.from({ length: 10 }, () => keys.rotate()))
    expect(new Set(made.map((key) => key.kid)).size).toBe(1)
    expect([stages(keys), names()]).toEqual(['active published', ['key_published']])
  })

  it('[TOK-6] happens by itself, so that a key signs for 90 days', async () => {
    const { clock, keys } = setUp()
    const old = keys.signer().kid
    clock.advance(90 * DAY - 305_000 - 1)
    keys.signer()
    await keys.tick()
    expect(stages(keys)).toBe('active')
    clock.advance(1)
    expect(keys.signer().kid).toBe(old) // this call starts it and does not wait
    await keys.tick()
    expect(stages(keys)).toBe('active published')
    clock.advance(305_000)
    expect(keys.signer().kid).not.toBe(old)
    expect(keys.timeline()[0]?.retireAt).toBe(clock.now())
    clock.advance(90 * DAY)
    await keys.tick()
    expect(keys.timeline().filter((key) => key.stage !== 'removed')).toHaveLength(2)
  })

  it('[TOK-6] by itself is one, however much is signed meanwhile', async () => {
    const { clock, keys } = setUp({ rotateEvery: '1h' })
    clock.advance('2h')
    for (let i = 0; i < 50; i++) keys.signer()
    await keys.tick()
    for (let i = 0; i < 50; i++) keys.signer()
    await keys.tick()
    expect(stages(keys)).toBe('active published')
  })

  it('[TOK-6] twice in a row keeps one signer and the order', async () => {
    const { clock, keys } = setUp()
    const [, second, third] = [keys.signer(), await keys.rotate(), await keys.rotate()]
    expect(third.activateAt).toBeGreaterThanOrEqual(second.activateAt)
    clock.advance('6m')
    expect([keys.signer().kid, stages(keys)]).toEqual([third.kid, 'retired retired active'])
  })
})

describe('an emergency', () => {
  it('[TOK-6] removes the only key at once and signs with a new one', async () => {
    const { keys, names } = setUp()
    const leaked = keys.signer().kid
    await keys.remove(leaked)
    expect(keys.candidates(leaked)).toEqual([])
    expect(published(keys)).toEqual([keys.signer().kid])
    expect(keys.signer().kid).not.toBe(leaked)
    expect(names()).toEqual(['key_activated', 'key_published', 'key_compromised'])
  })

  it('[TOK-6] verifies nothing by the key that leaked from the call on, before the promise resolves', () => {
    const { keys } = setUp()
    const leaked = keys.signer().kid
    void keys.remove(leaked)
    expect([keys.candidates(leaked), keys.signer().kid === leaked]).toEqual([[], false])
  })

  it('[TOK-6] says whether there was such a key', async () => {
    const { keys } = setUp()
    expect([await keys.remove('nobody'), await keys.remove(keys.signer().kid)]).toEqual([false, true])
  })

  it('[TOK-6] lets the key before it sign again, which verifiers elsewhere know', async () => {
    const { clock, keys } = setUp()
    const before = keys.signer().kid
    const leaked = (await keys.rotate()).kid
    clock.advance('6m')
    expect(keys.signer().kid).toBe(leaked)
    await keys.remove(leaked)
    expect(keys.signer().kid).toBe(before)
    expect(stages(keys)).toBe('active published')
    clock.advance('6m')
    expect([before, leaked]).not.toContain(keys.signer().kid)
  })

  it('[TOK-6] takes a published key that waits, when there is none before', async () => {
    const { keys } = setUp()
    const leaked = keys.signer().kid
    const next = (await keys.rotate()).kid
    await keys.remove(leaked)
    expect([keys.signer().kid, stages(keys)]).toEqual([next, 'active'])
  })

  it('[TOK-6] removes keys that do not sign, and leaves the signer', async () => {
    const { clock, keys } = setUp()
    const first = keys.signer().kid
    const second = (await keys.rotate()).kid
    clock.advance('6m')
    const third = (await keys.rotate()).kid
    await keys.remove(first)
    await keys.remove(third)
    await keys.remove('nobody')
    expect([keys.signer().kid, stages(keys), published(keys)]).toEqual([second, 'active', [second]])
  })

  it('[TOK-6] called by two at once does not leave the set empty', async () => {
    const { keys } = setUp()
    const leaked = keys.signer().kid
    await Promise.all([keys.remove(leaked), keys.remove(leaked), keys.rotate()])
    expect(published(keys)).not.toContain(leaked)
    expect(keys.timeline().filter((key) => key.stage === 'active')).toHaveLength(1)
  })
})

describe('a clock', () => {
  it('[TOK-6] that goes back changes no signer that others do not know, and nothing throws', async () => {
    const { clock, keys } = setUp()
    const first = keys.signer().kid
    clock.rewind('2d')
    expect(keys.signer().kid).toBe(first)
    const second = await keys.rotate()
    expect(second.activateAt - second.createdAt).toBeGreaterThanOrEqual(305_000)
    clock.advance('10m')
    expect([first, second.kid]).toContain(keys.signer().kid)
    clock.advance('2d')
    expect(keys.signer().kid).toBe(second.kid)
    clock.rewind('2d')
    expect(keys.candidates(second.kid)).toHaveLength(1)
    expect(keys.signer()).toHaveProperty('alg', 'EdDSA')
  })

  it('[TOK-6] that goes back before a key’s time lets the key before it sign again, and keeps the order of keys to come', async () => {
    const { clock, keys } = setUp()
    const first = keys.signer().kid
    const second = await keys.rotate()
    clock.advance('6m')
    expect(keys.signer().kid).toBe(second.kid)
    clock.rewind('6m')
    expect([keys.signer().kid, stages(keys)]).toEqual([first, 'active published'])
    clock.rewind('1h')
    const third = await keys.rotate()
    expect(third.activateAt).toBe(second.activateAt)
    clock.advance('1h')
    clock.advance('6m')
    expect([keys.signer().kid, stages(keys)]).toEqual([third.kid, 'retired retired active'])
  })

  it('[TOK-6] that was ahead for a while costs one early rotation', async () => {
    const { clock, keys } = setUp()
    const first = keys.signer().kid
    clock.advance('91d')
    keys.signer()
    await keys.tick()
    clock.rewind('91d')
    expect([keys.signer().kid, stages(keys)]).toEqual([first, 'active published'])
    expect(keys.candidates(first)).toHaveLength(1)
  })
})

describe('events of keys', () => {
  it('[TOK-6] can be answered with questions to the set', async () => {
    const clock = fakeClock()
    const seen: string[] = []
    const keys: KeySet = createKeySet({
      algorithm: 'EdDSA',
      now: clock.now,
      events: (event) => void seen.push(`${event.name} of ${keys.timeline().length}, ${published(keys).length} published`),
    })
    await keys.rotate()
    clock.advance('1h')
    keys.signer()
    expect(seen).toEqual(['key_published of 2, 2 published', 'key_removed of 2, 1 published', 'key_activated of 2, 1 published'])
  })

  it('harm nobody when the sink throws', async () => {
    const { keys } = setUp({
      events: () => {
        throw new Error('sink')
      },
    })
    await keys.rotate()
    expect(stages(keys)).toBe('active published')
  })
})
