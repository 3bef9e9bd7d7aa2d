import { randomBytes } from 'node:crypto'
import { deepEqual, equal } from 'node:assert/strict'
import { Play } from '../play.ts'
import { POLICY, type SessionStoreCase } from '../stage.ts'

/** What only a thief does, and what looks like one. */
export const theftCases: readonly SessionStoreCase[] = [
  {
    title: 'a token whose successor has arrived ends the session, once, and everybody hears of it',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const session = await play.begin()
      await play.renew(session, 0, 1, { confirm: true })
      play.pass(POLICY.graceMs)
      const caught = await play.rotate(session, 0)
      deepEqual(
        !caught.ok && caught.reason !== 'unknown_session' && [caught.reason, caught.endedNow, caught.family.ended?.reason],
        ['reuse_detected', true, 'reuse_detected'],
      )
      const again = await play.rotate(session, 1, {}, play.b)
      deepEqual(!again.ok && again.reason !== 'unknown_session' && [again.reason, again.endedNow], ['reuse_detected', false])
      await heard.session(session.sid)
      deepEqual(await play.sids(), [])
    },
  },
  {
    title: 'a token of two generations ago ends the session, also within the grace',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0, 2)
      equal(await play.outcome(session, 0), 'reuse_detected')
      equal(await play.outcome(session, 2, {}, play.b), 'reuse_detected')
    },
  },
  {
    title: 'a theft ends one session: the others of the subject, and other subjects, go on',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const [stolen, other, ben] = [await play.begin(), await play.begin(), await play.begin('ben')]
      await play.renew(stolen, 0, 2)
      equal(await play.outcome(stolen, 0), 'reuse_detected')
      deepEqual([await play.sids(), await play.sids('ben')], [[other.sid], [ben.sid]])
    },
  },
  {
    title: 'a token with another secret is refused, and ends nothing',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0, 2)
      const before = await play.b.list(session.shard)
      for (const generation of [0, 1, 2, 3, 9]) {
        equal(await play.outcome(session, generation, { secretHash: randomBytes(32) }), 'forged')
      }
      deepEqual(await play.b.list(session.shard), before)
    },
  },
  {
    title: 'a session that this process knows to be over is not refreshed, and not changed',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const before = await play.b.list(session.shard)
      play.pass(POLICY.graceMs)
      for (const generation of [0, 1, 2]) equal(await play.outcome(session, generation, { knownDead: true }), 'subject_revoked')
      deepEqual(await play.b.list(session.shard), before)
    },
  },
  {
    title: 'a session of nobody is unknown, and so is one under another subject',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const elsewhere = play.shard('ben')
      equal(await play.outcome(play.session(), 0), 'unknown_session')
      equal(await play.outcome(session, 0, { shard: elsewhere }), 'unknown_session')
      await play.a.confirm(elsewhere, session.sid, 0)
      equal(await play.a.end(elsewhere, session.sid, 'revoked'), undefined)
      equal(await play.a.judge({ shard: elsewhere, sid: session.sid, epoch: 9e15, claimsEpoch: 9e15 }), 'session_ended')
      deepEqual([await play.sids('ben'), await play.sids()], [[], [session.sid]])
    },
  },
  {
    title: 'a token far ahead of the session ends it; a store that loses nothing takes none ahead',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const [far, near] = [await play.begin(), await play.begin()]
      equal(await play.outcome(far, 3), 'generation_ahead')
      equal(await play.outcome(far, 0, {}, play.b), 'generation_ahead')
      equal(await play.outcome(near, 1), play.a.lossy ? 'healed' : 'generation_ahead')
    },
  },
  {
    title: 'ids that are none are answered as unknown, and harm nothing',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const { shard } = session
      await play.a.touchClaims(shard)
      const epochs = await play.a.epochs(shard)
      const before = await play.b.list(shard)
      const hostile = [
        '',
        'e',
        'E',
        '0',
        ' ',
        'a b',
        '*',
        '__proto__',
        'constructor',
        'x'.repeat(10_000),
        `${session.sid} `,
        'é\n\0',
      ]
      for (const sid of hostile) {
        equal(await play.outcome({ ...session, sid }, 0), 'unknown_session', sid)
        await play.a.confirm(shard, sid, 0)
        equal(await play.a.end(shard, sid, 'revoked'), undefined, sid)
        equal(await play.a.end(shard, sid, 'revoked', session.secretHash), undefined, sid)
        equal(await play.a.judge({ shard, sid, epoch: 9e15, claimsEpoch: 9e15 }), 'session_ended', sid)
        // Nobody makes such a session. A store may refuse it, or keep it; what others have stays.
        if (sid.length < 10) await play.a.create({ ...session, sid }).catch(() => {})
        deepEqual(await play.b.epochs(shard), epochs, sid)
        deepEqual(
          (await play.b.list(shard)).filter((one) => one.sid === session.sid),
          before,
          sid,
        )
        await play.a.end(shard, sid, 'revoked')
      }
      equal(await play.outcome(session, 0, {}, play.b), 'repeated')
    },
  },
]
