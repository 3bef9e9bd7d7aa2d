import { randomBytes } from 'node:crypto'
import { deepEqual, equal } from 'node:assert/strict'
import { Play } from '../play.ts'
import { MINUTE, POLICY, type SessionStoreCase } from '../stage.ts'

/** Logout in all its kinds, and what comes after it: nothing brings a session back. */
export const endingCases: readonly SessionStoreCase[] = [
  {
    title: 'a session ends once, for the first reason, and everybody hears of it',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const { shard, sid, ...rest } = await play.begin()
      equal((await play.a.end(shard, sid, 'signed_out'))?.sub, 'ana')
      equal(await play.b.end(shard, sid, 'revoked'), undefined)
      equal(await play.outcome({ shard, sid, ...rest }, 0, {}, play.b), 'signed_out')
      await heard.session(sid)
    },
  },
  {
    title: 'a logout by token takes the secret of the session',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const { shard, sid, secretHash } = await play.begin()
      equal(await play.a.end(shard, sid, 'signed_out', randomBytes(32)), undefined)
      deepEqual(await play.sids(), [sid])
      equal((await play.a.end(shard, sid, 'signed_out', secretHash))?.sub, 'ana')
      deepEqual(await play.sids(), [])
    },
  },
  {
    title: 'nothing brings an ended session back',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const { shard } = play.session()
      const ends = {
        signed_out: async (sid: string) => play.a.end(shard, sid, 'signed_out'),
        revoked: async () => play.a.endOthers(shard, 'another'),
        subject_revoked: async () => play.a.endAll(shard),
      }
      for (const [reason, end] of Object.entries(ends)) {
        const session = await play.begin()
        await play.renew(session, 0)
        await end(session.sid)
        for (const generation of [0, 1, 2, 3]) equal(await play.outcome(session, generation, {}, play.b), reason)
        await play.b.confirm(shard, session.sid, 1)
        play.pass(POLICY.graceMs)
        for (const generation of [1, 0, 4]) equal(await play.outcome(session, generation), reason)
        equal(await play.b.judge({ shard, sid: session.sid, epoch: 9e15, claimsEpoch: 9e15 }), 'session_ended')
        deepEqual(await play.sids(), [])
      }
      const session = await play.begin()
      await play.a.endEveryone()
      await play.b.confirm(shard, session.sid, 0)
      equal(await play.outcome(session, 0), 'subject_revoked')
      equal(await play.outcome(session, 1, {}, play.b), 'subject_revoked')
      deepEqual(await play.sids(), [])
    },
  },
  {
    title: 'the other sessions end, one by one for all who listen, and one stays',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const [first, kept, third, ben] = [await play.begin(), await play.begin(), await play.begin(), await play.begin('ben')]
      const ended = await play.a.endOthers(kept.shard, kept.sid)
      deepEqual(ended.toSorted(), [first.sid, third.sid].toSorted())
      deepEqual([await play.sids(), await play.sids('ben')], [[kept.sid], [ben.sid]])
      equal(await play.outcome(first, 0), 'revoked')
      deepEqual(await play.a.endOthers(kept.shard, kept.sid), [])
      for (const sid of ended) await heard.session(sid)
    },
  },
  {
    title: 'all sessions of one subject end, and another subject does not notice',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const [one, two, ben] = [await play.begin(), await play.begin(), await play.begin('ben')]
      const before = await play.a.epochs(ben.shard)
      const epochs = await play.a.endAll(one.shard)
      for (const session of [one, two]) equal(await play.outcome(session, 0, {}, play.b), 'subject_revoked')
      deepEqual([await play.sids(), await play.sids('ben')], [[], [ben.sid]])
      deepEqual(await play.b.epochs(ben.shard), before)
      await heard.subject(one.shard, epochs)
      const later = await play.begin()
      deepEqual(await play.sids(), [later.sid])
    },
  },
  {
    title: 'everyone is signed out, and who signs in afterwards is in',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const subs = Array.from({ length: 20 }, (_, i) => `subject ${i}`)
      const sessions = await Promise.all(subs.map((sub) => play.begin(sub)))
      const epoch = await play.a.endEveryone()
      for (const session of sessions) equal(await play.outcome(session, 0, {}, play.b), 'subject_revoked')
      await heard.everyone(epoch)
      const later = await play.begin()
      deepEqual(await play.sids(), [later.sid])
      equal((await play.b.epochs(later.shard)).epoch, epoch)
      equal((await play.b.epochs(play.shard('who never came'))).epoch, epoch)
    },
  },
  {
    title: 'the most recently used session comes first',
    topic: 'ending',
    async run(stage) {
      const play = await Play.on(stage)
      const sessions = []
      for (let i = 0; i < 3; i++) {
        sessions.push(await play.begin())
        play.pass(MINUTE)
      }
      const sids = sessions.map(({ sid }) => sid)
      deepEqual(await play.sids(), sids.toReversed())
      play.pass(POLICY.graceMs)
      equal(await play.outcome(sessions[0] ?? play.session(), 0), 'rotated')
      deepEqual(await play.sids(), [sids[0], sids[2], sids[1]])
      deepEqual(await play.sids('who never came'), [])
    },
  },
  {
    title: 'two issuers in one place do not meet',
    topic: 'ending',
    async run(stage) {
      const [play, other] = [await Play.on(stage), await Play.on(stage)]
      const heard = other.hear()
      const [mine, theirs] = [await play.begin(), await other.begin()]
      const before = await other.a.epochs(theirs.shard)
      await play.a.endAll(mine.shard)
      const epoch = await play.a.endEveryone()
      await play.hear().everyone(epoch)
      deepEqual([await play.sids(), await other.sids()], [[], [theirs.sid]])
      deepEqual(await other.a.epochs(theirs.shard), before)
      await other.a.end(theirs.shard, theirs.sid, 'revoked')
      await heard.session(theirs.sid)
      equal(heard.all.length, 1)
    },
  },
]
