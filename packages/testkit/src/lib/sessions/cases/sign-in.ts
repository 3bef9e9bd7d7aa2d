import { deepEqual, equal, ok } from 'node:assert/strict'
import { Play, ROUNDS } from '../play.ts'
import { MAXIMUM, MINUTE, POLICY, REVOCATION_MS, type SessionStoreCase } from '../stage.ts'

/** What a new session is, and who must leave for it. */
export const signInCases: readonly SessionStoreCase[] = [
  {
    title: 'a new session is what was told, and its times are of one clock',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const session = play.session()
      const created = await play.a.create(session)
      ok(created.ok)
      const { family, evicted, sessions, epochs } = created
      const { sid, shard, sub, secretHash, kid, client } = session
      const at = family.createdAt
      if (stage.ticks !== true) equal(at, stage.clock.now())
      const times = { createdAt: at, authTime: at, rotatedAt: at, emittedAt: at, confirmedAt: undefined }
      const ends = { absoluteEnd: at + POLICY.absoluteMs, idleEnd: at + POLICY.idleMs, ended: undefined }
      const counts = { epoch: epochs.epoch, generation: 0, everConfirmed: false, late: false, lateStreak: 0 }
      const expected = { sid, shard, sub, secretHash, kid, client, ...times, ...ends, ...counts }
      deepEqual({ ...family }, expected)
      deepEqual([evicted, sessions], [[], 1])
      deepEqual(await play.b.list(shard), [family])
    },
  },
  {
    title: 'a session remembers when the person proved who they are',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      await play.begin('ana', { authTime: 1_700_000_000_123 })
      equal((await play.b.list(play.shard()))[0]?.authTime, 1_700_000_000_123)
    },
  },
  {
    title: 'names of any script and length, long agents and missing facts come back as they were',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const clients = [{}, { ip: '2001:db8::ffff:192.0.2.1' }, { userAgent: 'Läptop 💻'.padEnd(256, '界') }]
      const subs = ['☂ 日本 👩‍👩‍👧', '界'.repeat(255), `'; -- "\\ \0 \n {a}:*`]
      for (const [i, sub] of subs.entries()) {
        const session = await play.begin(sub, { client: clients[i] ?? {} })
        await play.renew(session, 0)
        const [family] = await play.b.list(session.shard)
        const facts = { ip: family?.client.ip, userAgent: family?.client.userAgent }
        deepEqual([family?.sub, facts], [sub, { ip: undefined, userAgent: undefined, ...clients[i] }])
        equal((await play.b.end(session.shard, session.sid, 'revoked'))?.sub, sub)
      }
    },
  },
  {
    title: 'an agent and an address of any length harm nothing, and the agent begins as it did',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const other = await play.begin()
      for (const text of ['x'.repeat(300), '💻'.repeat(5_000), 'x'.repeat(70_000)]) {
        const session = await play.begin('ana', { client: { ip: text, userAgent: text } })
        const family = (await play.b.list(session.shard)).find(({ sid }) => sid === session.sid)
        equal(family?.client.userAgent?.slice(0, 200), text.slice(0, 200))
        play.pass(POLICY.graceMs)
        equal(await play.outcome(session, 0, { client: { ip: `${text}.`, userAgent: `${text}.` } }, play.b), 'rotated')
        equal(await play.outcome(session, 1), 'repeated')
      }
      deepEqual((await play.sids()).includes(other.sid), true)
    },
  },
  {
    title: 'a sign-in whose password was checked before a logout everywhere does not begin',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const { shard } = play.session()
      const checked = await play.a.epochs(shard)
      const moved = await play.b.endAll(shard)
      deepEqual(await play.a.create(play.session('ana', { expectedEpoch: checked.epoch })), { ok: false, reason: 'epoch_moved' })
      deepEqual(await play.sids(), [])
      const later = await play.a.create(play.session('ana', { expectedEpoch: moved.epoch }))
      equal(later.ok && later.family.epoch, moved.epoch)
      const everyone = await play.b.endEveryone()
      equal((await play.a.create(play.session('ana', { expectedEpoch: moved.epoch }))).ok, false)
      equal((await play.a.create(play.session('ana', { expectedEpoch: everyone }))).ok, true)
    },
  },
  {
    title: 'an epoch from before the subject was forgotten has not moved',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      equal((await play.a.create(play.session('ana', { expectedEpoch: 1_900_000_000_000_000 }))).ok, true)
    },
  },
  {
    title: 'above the maximum the least recently used session leaves, and everybody hears of it',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const sessions = []
      for (let i = 0; i < MAXIMUM; i++) {
        sessions.push(await play.begin())
        play.pass(MINUTE)
      }
      const [first, second, ...rest] = sessions
      ok(first && second)
      await play.renew(first, 0)
      play.pass(MINUTE)
      const extra = play.session()
      const created = await play.b.create(extra)
      deepEqual(created.ok && [created.evicted, created.sessions], [[second.sid], MAXIMUM])
      deepEqual(await play.sids(), [extra.sid, first.sid, ...rest.map(({ sid }) => sid).toReversed()])
      equal(await play.outcome(second, 0), 'evicted')
      await heard.session(second.sid)
    },
  },
  {
    title: 'a retry is no use: it keeps nobody from leaving',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const first = await play.begin()
      await play.renew(first, 0)
      for (let i = 1; i < MAXIMUM; i++) {
        play.pass(MINUTE)
        await play.begin()
      }
      equal(await play.outcome(first, 0), 'replayed')
      equal(await play.outcome(first, 1), 'repeated')
      equal((await play.sids()).at(-1), first.sid)
      play.pass(MINUTE)
      const created = await play.b.create(play.session())
      deepEqual(created.ok && created.evicted, [first.sid])
    },
  },
  {
    title: 'sessions that are over by themselves leave without a word, before any that lives',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      for (let i = 1; i < MAXIMUM; i++) await play.begin()
      play.pass(POLICY.idleMs)
      const living = await play.begin()
      play.pass(MINUTE)
      const created = await play.b.create(play.session())
      deepEqual(created.ok && [created.evicted, created.sessions], [[], 2])
      equal((await play.sids()).at(-1), living.sid)
    },
  },
  {
    title: 'a refresh at the maximum makes nobody leave',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const sessions = []
      for (let i = 0; i < MAXIMUM; i++) sessions.push(await play.begin())
      for (const session of sessions) await play.renew(session, 0)
      equal((await play.sids()).length, MAXIMUM)
    },
  },
  {
    title: 'many sign-ins at once leave as many sessions as there may be, and each other left once',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      const sessions = ROUNDS.flatMap(() => [play.session(), play.session(), play.session()])
      const created = await Promise.all(sessions.map((session, i) => (i % 2 === 0 ? play.a : play.b).create(session)))
      const evicted = created.flatMap((one) => (one.ok ? one.evicted : []))
      const living = await play.sids()
      deepEqual([living.length, evicted.length], [MAXIMUM, sessions.length - MAXIMUM])
      deepEqual([...living, ...evicted].toSorted(), sessions.map(({ sid }) => sid).toSorted())
    },
  },
  {
    title: 'a thousand sign-ins of one subject leave little behind',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const sessions = Array.from({ length: 1_000 }, () => play.session())
      for (let from = 0; from < sessions.length; from += 50) {
        await Promise.all(sessions.slice(from, from + 50).map((session) => play.a.create(session)))
      }
      // Whoever is still known costs room, dead or alive.
      const words = await Promise.all(sessions.map((session) => play.outcome(session, 0)))
      const known = words.filter((word) => word !== 'unknown_session')
      equal(known.filter((word) => word === 'repeated').length, MAXIMUM)
      ok(known.length <= 3 * MAXIMUM, `of 1000 sessions ${known.length} are still known, with at most ${MAXIMUM} alive`)
    },
  },
  {
    title: 'hundreds of logouts of one subject leave little behind',
    topic: 'sign-in',
    async run(stage) {
      const play = await Play.on(stage)
      const sessions = Array.from({ length: 300 }, () => play.session())
      for (const session of sessions) {
        await play.a.create(session)
        await play.a.end(session.shard, session.sid, 'signed_out')
      }
      const words = await Promise.all(sessions.map((session) => play.outcome(session, 0)))
      const known = words.filter((word) => word !== 'unknown_session')
      ok(known.length <= 3 * MAXIMUM, `of 300 sessions ${known.length} are still known, none of them alive`)
      play.pass(4 * REVOCATION_MS)
      deepEqual(await play.sids(), [])
    },
  },
]
