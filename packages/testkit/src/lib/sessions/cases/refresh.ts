import { deepEqual, equal, ok } from 'node:assert/strict'
import { Play } from '../play.ts'
import { MINUTE, POLICY, type SessionStoreCase } from '../stage.ts'

const { graceMs, idleMs, absoluteMs, unconfirmedWindowMs, lostWindowMs, budget } = POLICY

/** The steps of a refresh while nobody does wrong, and when they end. Thieves come elsewhere. */
export const refreshCases: readonly SessionStoreCase[] = [
  {
    title: 'within the grace the current token is answered with itself, and nothing is written',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const [before] = await play.b.list(session.shard)
      play.almost(graceMs)
      const repeated = await play.rotate(session, 0, { kid: 'two', client: { ip: '198.51.100.9' } })
      deepEqual(repeated.ok && [repeated.kind, repeated.family], ['repeated', before])
      deepEqual(await play.b.list(session.shard), [before])
    },
  },
  {
    title: 'after it the next generation begins, with the ring secret and the client of now, for another idle time',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const [before] = await play.b.list(session.shard)
      ok(before)
      await play.a.confirm(session.shard, session.sid, 0)
      play.pass(graceMs)
      const rotated = await play.rotate(session, 0, { kid: 'two', client: { userAgent: 'second' } }, play.b)
      ok(rotated.ok)
      const { family } = rotated
      const at = family.rotatedAt
      ok(at >= before.rotatedAt + graceMs)
      const client = { ip: '192.0.2.1', userAgent: 'second' }
      const changes = { generation: 1, kid: 'two', rotatedAt: at, emittedAt: at, idleEnd: at + idleMs, everConfirmed: true }
      deepEqual({ ...family }, { ...before, ...changes, client })
      deepEqual({ ...rotated.before }, before.client)
      deepEqual(await play.a.list(session.shard), [family])
    },
  },
  {
    title: 'a retry gets the same generation again, and its secret stays the one that signed it',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      play.pass(graceMs)
      const rotated = await play.rotate(session, 0, { kid: 'two' })
      const retried = await play.rotate(session, 0, { kid: 'three', client: { ip: '198.51.100.9' } }, play.b)
      ok(rotated.ok && retried.ok)
      equal(retried.kind, 'replayed')
      const { emittedAt } = retried.family
      const client = { ip: '198.51.100.9', userAgent: 'first' }
      deepEqual({ ...retried.family }, { ...rotated.family, emittedAt, client })
      deepEqual({ ...retried.before }, { ...rotated.family.client })
    },
  },
  {
    title: 'who got the token by a retry may still be on the way: no rotation within the grace after it',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      play.pass(graceMs)
      equal(await play.outcome(session, 0), 'rotated')
      play.almost(graceMs)
      equal(await play.outcome(session, 0), 'replayed')
      play.almost(graceMs)
      equal(await play.outcome(session, 1, {}, play.b), 'repeated')
      play.reach()
      equal(await play.outcome(session, 1, {}, play.b), 'rotated')
    },
  },
  {
    title: 'a session that was never confirmed waits a short time for its lost answer, however often it is asked',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0)
      play.almost(unconfirmedWindowMs)
      equal(await play.outcome(session, 0), 'replayed')
      play.reach()
      equal(await play.outcome(session, 0, {}, play.b), 'reuse_detected')
    },
  },
  {
    title: 'a session that was confirmed before waits a long time for its lost answer',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0, 1, { confirm: true })
      await play.renew(session, 1)
      play.almost(lostWindowMs)
      equal(await play.outcome(session, 1), 'replayed')
      play.reach()
      equal(await play.outcome(session, 1), 'reuse_detected')
    },
  },
  {
    title: 'a confirmation is of the current generation, once, and closes the window a grace later',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const { shard, sid } = session
      await play.renew(session, 0)
      await play.b.confirm(shard, sid, 0)
      await play.b.confirm(shard, sid, 2)
      equal((await play.a.list(shard))[0]?.confirmedAt, undefined)
      play.pass(graceMs)
      await play.b.confirm(shard, sid, 1)
      const [confirmed] = await play.a.list(shard)
      ok(confirmed?.confirmedAt)
      ok(confirmed.confirmedAt >= confirmed.rotatedAt + graceMs)
      play.almost(graceMs)
      await play.b.confirm(shard, sid, 1)
      deepEqual(await play.a.list(shard), [confirmed], 'the second confirmation moved something')
      equal(await play.outcome(session, 0), 'replayed')
      play.reach()
      equal(await play.outcome(session, 0), 'reuse_detected')
    },
  },
  {
    title: 'who is late in every generation is one of two, and that ends',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      for (let generation = 0; generation <= budget; generation++) {
        play.pass(graceMs)
        equal(await play.outcome(session, generation), 'rotated')
        play.pass(graceMs)
        const late = await play.rotate(session, generation)
        const [word, streak] = late.ok ? [late.kind, late.family.lateStreak] : [late.reason, undefined]
        deepEqual([word, streak], generation < budget ? ['replayed', generation + 1] : ['retry_budget_spent', undefined])
        // Twice in one generation is late once.
        if (generation < budget) equal(await play.outcome(session, generation), 'replayed')
      }
    },
  },
  {
    title: 'a generation without a late retry makes up for one with it',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0)
      play.pass(graceMs)
      equal(await play.outcome(session, 0), 'replayed')
      const streaks = []
      for (let generation = 1; generation < 4; generation++) {
        await play.renew(session, generation)
        streaks.push((await play.b.list(session.shard))[0]?.lateStreak)
      }
      deepEqual(streaks, [1, 0, 0])
    },
  },
  {
    title: 'a session that nobody uses ends at its idle end, to the millisecond, in every verb',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const { shard, sid } = session
      const token = { shard, sid, epoch: 0, claimsEpoch: 0 }
      const { epoch, claimsEpoch } = await play.a.epochs(shard)
      play.almost(idleMs)
      deepEqual(await play.sids(), [sid])
      equal(await play.b.judge({ ...token, epoch, claimsEpoch }), undefined)
      play.reach()
      deepEqual(await play.sids(), [])
      equal(await play.b.judge({ ...token, epoch, claimsEpoch }), 'session_ended')
      equal(await play.a.end(shard, sid, 'revoked'), undefined)
      deepEqual(await play.a.endOthers(shard, 'another'), [])
      await play.a.confirm(shard, sid, 0)
      equal(await play.outcome(session, 0), 'expired_idle')
      equal(await play.outcome(session, 0), 'expired_idle')
    },
  },
  {
    title: 'a session that is used ends at its absolute end, and its idle end is never later',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      const [first] = await play.b.list(session.shard)
      ok(first)
      let generation = 0
      for (let passed = idleMs / 2; passed < absoluteMs; passed += idleMs / 2) {
        play.pass(idleMs / 2)
        equal(await play.outcome(session, generation++), 'rotated')
        const [family] = await play.b.list(session.shard)
        ok(family)
        equal(family.absoluteEnd, first.absoluteEnd)
        equal(family.idleEnd, Math.min(family.rotatedAt + idleMs, family.absoluteEnd))
      }
      play.almost(idleMs / 2)
      // The server's clock may have gone a little further than ours.
      ok(['rotated', 'repeated'].includes(await play.outcome(session, generation)))
      play.reach()
      equal(await play.outcome(session, generation + 1), 'expired_absolute')
      deepEqual(await play.sids(), [])
    },
  },
  {
    title: 'a clock that is set back ends no session',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.renew(session, 0, 1, { confirm: true })
      stage.clock.rewind('1h')
      equal(await play.outcome(session, 1), 'repeated')
      equal(await play.outcome(session, 0, {}, play.b), 'replayed')
      deepEqual(await play.sids(), [session.sid])
      const later = await play.begin()
      stage.clock.advance('1h')
      await play.renew(session, 1)
      await play.renew(later, 0)
    },
  },
  {
    title: 'times are those of the store: a process whose clock is wrong judges no differently',
    topic: 'refresh',
    async run(stage) {
      const play = await Play.on(stage)
      const wrong = await play.another({ now: () => stage.clock.now() + 3 * absoluteMs })
      const session = await play.begin()
      equal(await play.outcome(session, 0, {}, wrong), 'repeated')
      deepEqual(await play.sids('ana', wrong), [session.sid])
      play.pass(graceMs)
      equal(await play.outcome(session, 0, {}, wrong), 'rotated')
      equal(await play.outcome(session, 1), 'repeated')
      const begun = play.session('ben')
      await wrong.create(begun)
      equal(await play.outcome(begun, 0), 'repeated')
      play.pass(MINUTE)
      deepEqual(await play.sids('ben'), [begun.sid])
    },
  },
]
