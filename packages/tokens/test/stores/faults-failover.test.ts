import { available, startCluster, startSentinel } from '@wardstone/testkit/servers'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import type { Issued } from '../../src/index.ts'
import { outcomeOf, signIn } from '../kit/service.ts'
import { deployment, ending, later, processOf, type Process } from './processes.ts'
import { CLIENT } from './stages.ts'
import { until } from './until.ts'

/** A browser: it keeps its token when the answer is a fault, and asks again with it. */
interface Browser {
  readonly sub: string
  readonly sid: string
  refreshToken: string
}

/** Forty browsers that ask again at once would take the processor from those who elect. */
const BACKOFF_MS = 100

const LIVING = ['rotated', 'repeated', 'replayed', 'healed']

async function browsersOf({ tokens }: Process, count: number): Promise<readonly Browser[]> {
  // The connection on which replicas are waited for is made with the first sign-in.
  await until('a replica', async () => (await signIn(tokens, 'warm').catch(() => undefined))?.durable === true || undefined)
  const subs = Array.from({ length: count }, (_, i) => `subject ${i}`)
  const issued: readonly Issued[] = await Promise.all(subs.map((sub) => signIn(tokens, sub)))
  expect(issued.map(({ durable }) => durable)).toEqual(issued.map(() => true))
  return issued.map(({ sid, refreshToken }, i) => ({ sub: subs[i] ?? '', sid, refreshToken }))
}

/** All refresh at once, each until it is answered. Answers how often they were told to come again. */
async function roundOf({ tokens, clock }: Process, browsers: readonly Browser[]): Promise<number> {
  clock.advance('31s')
  let faults = 0
  await Promise.all(
    browsers.map((browser) =>
      until(
        'a refresh',
        async () => {
          let outcome = 'none'
          const word = await ending(async () => {
            const refreshed = await tokens.refresh(browser.refreshToken)
            outcome = outcomeOf(refreshed)
            if (refreshed.ok) browser.refreshToken = refreshed.refreshToken
          })
          expect(['answered', 'store_unavailable']).toContain(word)
          if (word === 'answered') expect(LIVING).toContain(outcome)
          else faults++
          return word === 'answered' || undefined
        },
        BACKOFF_MS,
      ),
    ),
  )
  return faults
}

async function expectAlive({ tokens }: Process, browsers: readonly Browser[]): Promise<void> {
  const alive = await Promise.all(browsers.map(async ({ sub }) => (await tokens.list(sub)).map(({ sid }) => sid)))
  expect(alive).toEqual(browsers.map(({ sid }) => [sid]))
}

describe.skipIf(!(await available('redis-server')))('sessions when a master is lost', { timeout: 60_000 }, () => {
  it('[TOK-3] [TOK-13] Sentinel has another one: no call is late, no session ends', async () => {
    const redis = await startSentinel()
    later(() => redis.stop())
    const shared = deployment()
    const clients = [1, 2].map(() => new Redis({ ...CLIENT, sentinels: [...redis.sentinels], name: redis.name }))
    const [one, two] = clients.map((client) => processOf(client, shared)) as [Process, Process]
    const browsers = await browsersOf(one, 40)
    expect(await roundOf(one, browsers)).toBe(0)
    const master = await redis.master()
    const rounds = (async () => [await roundOf(one, browsers), await roundOf(two, browsers), await roundOf(one, browsers)])()
    await master.kill()
    await redis.elected(master)
    const faults = (await rounds).reduce((sum, count) => sum + count)
    expect(faults).toBeGreaterThan(0)
    expect(await roundOf(two, browsers)).toBe(0)
    await expectAlive(one, browsers)
    // What this process ends now, the other one hears of through the new master.
    const [ana] = browsers
    const refreshed = await two.tokens.refresh(ana?.refreshToken ?? '')
    const verified = refreshed.ok ? two.tokens.verifyNow(refreshed.accessToken) : refreshed
    if (!verified.ok) throw new Error(verified.code)
    const ended = new Promise<void>((resolve) => two.tokens.onEnd(verified, resolve))
    await one.tokens.revokeAll(ana?.sub ?? '')
    await ended
  })

  it('[TOK-13] a replica that does not follow: what is written is said not to last, or is refused', async () => {
    const redis = await startSentinel()
    later(() => redis.stop())
    const shared = deployment()
    const client = (): Redis => new Redis({ ...CLIENT, sentinels: [...redis.sentinels], name: redis.name })
    const lax = processOf(client(), shared)
    const strict = processOf(client(), shared, {}, { requireDurable: true })
    for (const { tokens } of [lax, strict]) {
      await until('a replica', async () => (await signIn(tokens).catch(() => undefined))?.durable === true || undefined)
    }
    const stolen = await signIn(lax.tokens, 'robbed')
    for (let token = stolen.refreshToken, i = 0; i < 2; i++) {
      shared.clock.advance('31s')
      const next = await lax.tokens.refresh(token)
      if (next.ok) token = next.refreshToken
    }
    lax.events.length = 0
    await (await redis.replica()).hang()
    const session = await signIn(lax.tokens)
    expect(session.durable).toBe(false)
    // A thief is found and said to be, whatever becomes of the note of it.
    expect(outcomeOf(await lax.tokens.refresh(stolen.refreshToken))).toBe('reuse_detected')
    await lax.tokens.revokeEveryone()
    const verbs = lax.events.flatMap((event) => (event.name === 'session_not_durable' ? [event.data.verb] : []))
    expect(verbs).toEqual(['create', 'rotate', 'endEveryone'])
    for (const call of [
      () => strict.tokens.issue({ sub: 'ana' }),
      () => strict.tokens.revoke(session),
      () => strict.tokens.revokeAll('ana'),
      () => strict.tokens.refreshClaims('ana'),
      () => strict.tokens.revokeEveryone(),
    ]) {
      expect(await ending(call)).toBe('store_unavailable')
    }
    // It was done all the same, as mayHaveRun says. Reads and refreshes wait for nobody.
    expect(await ending(() => strict.tokens.list('ana'))).toBe('answered')
    expect(outcomeOf(await strict.tokens.refresh(session.refreshToken))).toBe('subject_revoked')
  })

  it('[TOK-9] [TOK-13] a node of a Cluster: no call is late, no session ends, and a logout of everyone reaches everyone', async () => {
    const cluster = await startCluster()
    later(() => cluster.stop())
    const nodes = cluster.nodes.map(({ host, port }) => ({ host, port }))
    const options = { enableOfflineQueue: false, slotsRefreshTimeout: 300, clusterRetryStrategy: () => 20 } as const
    const one = processOf(new Cluster(nodes, options))
    const browsers = await browsersOf(one, 40)
    expect(await roundOf(one, browsers)).toBe(0)
    const lost = await cluster.ownerOf('{b0}')
    await lost.kill()
    const words = await Promise.all(browsers.map(({ sub }) => ending(() => one.tokens.list(sub))))
    expect(new Set(words)).toEqual(new Set(['answered', 'store_unavailable']))
    expect(await ending(() => one.tokens.revokeEveryone())).toBe('store_unavailable')
    // Some nodes were told, and some not: whoever asked asks again, and then all are.
    await cluster.elected(lost)
    await until('everyone', async () => (await ending(() => one.tokens.revokeEveryone())) === 'answered' || undefined)
    const outcomes = await Promise.all(
      browsers.map(async ({ refreshToken }) => outcomeOf(await one.tokens.refresh(refreshToken))),
    )
    expect(new Set(outcomes)).toEqual(new Set(['subject_revoked']))
    const again = await browsersOf(one, 40)
    expect(await roundOf(one, again)).toBe(0)
    await expectAlive(one, again)
  })

  it('[TOK-13] a bucket that moves to another node of a Cluster says so, and has forgotten nothing', async () => {
    const cluster = await startCluster()
    later(() => cluster.stop())
    const nodes = cluster.nodes.map(({ host, port }) => ({ host, port }))
    const one = processOf(new Cluster(nodes, { enableOfflineQueue: false, slotsRefreshTimeout: 300, retryDelayOnTryAgain: 10 }))
    const browsers = await browsersOf(one, 40)
    const [slot, from] = [await cluster.slotOf('{b0}'), await cluster.ownerOf('{b0}')]
    const others = await Promise.all(Array.from({ length: 16 }, (_, i) => cluster.ownerOf(`{b${i}}`)))
    const to = others.find((node) => node !== from)
    if (to === undefined) throw new Error('all buckets are on one node')
    const [source, sink] = [String(await from.call('CLUSTER', 'MYID')), String(await to.call('CLUSTER', 'MYID'))]
    await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source)
    await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', sink)
    const rounds = roundOf(one, browsers)
    const words = new Set<string>()
    for (const key of (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 1_000)) as string[]) {
      for (const word of await Promise.all(browsers.map(({ sub }) => ending(() => one.tokens.list(sub))))) words.add(word)
      await from.call('MIGRATE', to.host, to.port, key, 0, 1_000)
    }
    for (const node of [to, from]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', sink)
    await rounds
    // A script with a key that is here and one that is not can be run by neither node: it is asked for again.
    expect(words).toEqual(new Set(['answered', 'store_unavailable']))
    await until('the bucket', async () => (await roundOf(one, browsers)) === 0 || undefined)
    await expectAlive(one, browsers)
  })
})
