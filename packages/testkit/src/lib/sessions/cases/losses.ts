import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { chaos } from '../../chaos/chaos.ts'
import { Play } from '../play.ts'
import { POLICY, type SessionStage, type SessionStoreCase } from '../stage.ts'

const lossy = { topic: 'losses', needs: 'losing' } as const

/** Answers that are lost and asked for again, and writes that a failover forgets. */
export const lossCases: readonly SessionStoreCase[] = [
  {
    title: 'a refresh whose answer is lost is asked for again, and gives the same generation',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      const { port, loseNext } = chaos(play.a)
      const session = await play.begin()
      play.pass(POLICY.graceMs)
      loseNext('rotate')
      await rejects(play.rotate(session, 0, {}, port))
      const retried = await play.rotate(session, 0, {}, play.b)
      deepEqual(retried.ok && [retried.kind, retried.family.generation], ['replayed', 1])
      await play.renew(session, 1)
    },
  },
  {
    title: 'an end whose answer is lost has happened, and a new one does no harm',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      const { port, loseNext } = chaos(play.a)
      const heard = play.hear()
      const session = await play.begin()
      const { shard, sid } = session
      for (const verb of ['end', 'endAll', 'endEveryone', 'touchClaims'] as const) loseNext(verb)
      await rejects(port.end(shard, sid, 'signed_out'))
      equal(await port.end(shard, sid, 'revoked'), undefined)
      equal(await play.outcome(session, 0), 'signed_out')
      await heard.session(sid)
      await rejects(port.endAll(shard))
      const first = await play.b.epochs(shard)
      ok((await port.endAll(shard)).epoch > first.epoch)
      await rejects(port.touchClaims(shard))
      await rejects(port.endEveryone())
      const everyone = await play.b.epochs(shard)
      ok((await port.touchClaims(shard)).claimsEpoch > everyone.claimsEpoch)
      ok((await port.endEveryone()) > everyone.epoch)
    },
  },
  {
    title: 'a sign-in whose answer is lost is a session that nobody uses: it leaves when its time has come',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      const { port, loseNext } = chaos(play.a)
      loseNext('create')
      const lost = play.session()
      await rejects(port.create(lost))
      const again = await play.begin()
      deepEqual((await play.sids()).toSorted(), [lost.sid, again.sid].toSorted())
      play.pass(POLICY.idleMs)
      deepEqual(await play.sids(), [])
    },
  },
  {
    ...lossy,
    title: 'a refresh that a failover forgets is healed by the token that the client has',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0)
      for (const lost of [1, 2]) {
        const generation = (await play.b.list(session.shard))[0]?.generation ?? 0
        await losing(stage, () => play.renew(session, generation, lost))
        equal((await play.b.list(session.shard))[0]?.generation, generation)
        const healed = await play.rotate(session, generation + lost, {}, play.b)
        deepEqual(healed.ok && [healed.kind, healed.family.generation], ['healed', generation + lost + 1])
        equal(await play.outcome(session, generation + lost), 'replayed')
      }
      const generation = (await play.b.list(session.shard))[0]?.generation ?? 0
      await play.renew(session, generation)
      equal(await play.outcome(session, generation - 1), 'reuse_detected')
    },
  },
  {
    ...lossy,
    title: 'who holds a parent of what was forgotten is found all the same',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0)
      await losing(stage, () => play.renew(session, 1, 2))
      equal(await play.outcome(session, 3), 'healed')
      equal(await play.outcome(session, 1), 'reuse_detected')
      equal(await play.outcome(session, 4), 'reuse_detected')
    },
  },
  {
    ...lossy,
    title: 'three forgotten refreshes are more than a failover explains',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await losing(stage, () => play.renew(session, 0, 3))
      equal(await play.outcome(session, 3), 'generation_ahead')
    },
  },
  {
    ...lossy,
    title: 'a sign-in that a failover forgets is unknown, and the next one is as good as any',
    async run(stage) {
      const play = await Play.on(stage)
      const kept = await play.begin()
      let lost = kept
      await losing(stage, async () => void (lost = await play.begin()))
      equal(await play.outcome(lost, 0), 'unknown_session')
      deepEqual(await play.sids(), [kept.sid])
      const again = await play.begin()
      equal((await play.sids()).includes(again.sid), true)
    },
  },
  {
    ...lossy,
    title: 'an end that a failover forgets still holds for a process that knows of it, and can be said again',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const session = await play.begin()
      const { shard, sid } = session
      await losing(stage, async () => {
        await play.a.end(shard, sid, 'signed_out')
        await heard.session(sid)
      })
      for (const generation of [0, 1, 2]) {
        equal(await play.outcome(session, generation, { knownDead: true }, play.b), 'subject_revoked')
      }
      equal((await play.b.end(shard, sid, 'signed_out'))?.sub, 'ana')
      equal(await play.outcome(session, 0), 'signed_out')
    },
  },
  {
    ...lossy,
    title: 'epochs that a failover forgets are never given out again',
    async run(stage) {
      const play = await Play.on(stage)
      const { shard } = await play.begin()
      const lost: number[] = []
      await losing(stage, async () => {
        lost.push((await play.a.endAll(shard)).epoch)
        lost.push((await play.a.touchClaims(shard)).claimsEpoch)
        lost.push(await play.a.endEveryone())
      })
      // A server's clock has gone on meanwhile; one that stands still is moved by hand.
      play.pass(1)
      const [moved, touched, everyone] = [await play.b.endAll(shard), await play.b.touchClaims(shard), await play.b.endEveryone()]
      for (const epoch of [moved.epoch, touched.claimsEpoch, everyone]) ok(epoch > Math.max(...lost))
    },
  },
  {
    ...lossy,
    title: 'a theft that was found and forgotten is found again',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0, 2)
      await losing(stage, async () => equal(await play.outcome(session, 0), 'reuse_detected'))
      equal(await play.outcome(session, 2), 'repeated')
      equal(await play.outcome(session, 0), 'reuse_detected')
    },
  },
]

async function losing(stage: SessionStage, work: () => Promise<unknown>): Promise<void> {
  if (stage.losing === undefined) throw new Error('this stage loses nothing')
  await stage.losing(async () => void (await work()))
}
