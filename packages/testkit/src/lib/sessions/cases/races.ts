import { deepEqual, equal, ok } from 'node:assert/strict'
import { Play, ROUNDS, wordOf } from '../play.ts'
import { MAXIMUM, MINUTE, POLICY, type SessionStoreCase } from '../stage.ts'

/** Two processes at once. Whichever is first, what holds afterwards is the same. */
export const raceCases: readonly SessionStoreCase[] = [
  {
    title: 'two refreshes of one token: one new generation, and both get it',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const session = await play.begin(`${round}`)
        play.pass(POLICY.graceMs)
        const verbs = [
          () => play.rotate(session, 0, { kid: 'one' }),
          () => play.rotate(session, 0, { kid: 'two' }, play.b),
        ] as const
        const both = await play.both(round, ...verbs)
        deepEqual(both.map(wordOf).toSorted(), ['replayed', 'rotated'])
        const [x, y] = both.map((one) => (one.ok ? [one.family.generation, one.family.kid, one.family.rotatedAt] : []))
        deepEqual(x, y)
        equal(x?.[0], 1)
        // The retry that comes after the winner, and the successor, which the other one uses.
        equal(await play.outcome(session, 0), 'replayed')
        equal(await play.outcome(session, 1, {}, play.b), 'repeated')
        await play.renew(session, 1)
      }
    },
  },
  {
    title: 'many refreshes of one token: one of them rotates',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      play.pass(POLICY.graceMs)
      const all = await Promise.all(
        Array.from({ length: 32 }, (_, i) => play.outcome(session, 0, {}, i % 2 === 0 ? play.a : play.b)),
      )
      deepEqual(all.toSorted(), [...Array.from({ length: 31 }, () => 'replayed'), 'rotated'])
    },
  },
  {
    title: 'a refresh and the end of its session: it is over, and one of them said so',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const session = await play.begin(`${round}`)
        const { shard, sid, secretHash } = session
        play.pass(POLICY.graceMs)
        const [refreshed, ended] = await play.both(
          round,
          () => play.outcome(session, 0),
          () => play.b.end(shard, sid, 'signed_out', secretHash),
        )
        ok(['rotated', 'signed_out'].includes(refreshed), refreshed)
        equal(ended?.sub, `${round}`)
        for (const generation of [0, 1]) equal(await play.outcome(session, generation), 'signed_out')
        deepEqual(await play.sids(`${round}`), [])
      }
    },
  },
  {
    title: 'a refresh and a logout everywhere, or of the others, or of everyone: nothing survives',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const ends: Readonly<Record<string, (shard: string) => Promise<unknown>>> = {
          subject_revoked: (shard) => play.b.endAll(shard),
          revoked: (shard) => play.b.endOthers(shard, 'another'),
          everyone: () => play.b.endEveryone(),
        }
        for (const [reason, end] of Object.entries(ends)) {
          const session = await play.begin(`${round} ${reason}`)
          play.pass(POLICY.graceMs)
          await play.both(
            round,
            () => play.rotate(session, 0),
            () => end(session.shard),
          )
          const expected = reason === 'everyone' ? 'subject_revoked' : reason
          for (const generation of [0, 1]) equal(await play.outcome(session, generation), expected)
          deepEqual(await play.sids(`${round} ${reason}`), [])
        }
      }
    },
  },
  {
    title: 'a confirmation and the end of the session: it is over',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const session = await play.begin(`${round}`)
        const { shard, sid } = session
        await play.both(
          round,
          () => play.a.confirm(shard, sid, 0),
          () => play.b.end(shard, sid, 'signed_out'),
        )
        equal(await play.outcome(session, 0), 'signed_out')
      }
    },
  },
  {
    title: 'a refresh and the confirmation of its parent: the new generation stays',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const session = await play.begin(`${round}`)
        const { shard, sid } = session
        play.pass(POLICY.graceMs)
        const [word] = await play.both(
          round,
          () => play.outcome(session, 0),
          () => play.b.confirm(shard, sid, 0),
        )
        equal(word, 'rotated')
        const [family] = await play.b.list(shard)
        deepEqual([family?.generation, family?.confirmedAt], [1, undefined])
        equal(await play.outcome(session, 0), 'replayed')
      }
    },
  },
  {
    title: 'a late retry and a confirmation: neither is lost',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const session = await play.begin(`${round}`)
        const { shard, sid } = session
        await play.renew(session, 0)
        play.pass(POLICY.graceMs)
        const [word] = await play.both(
          round,
          () => play.outcome(session, 0),
          () => play.b.confirm(shard, sid, 1),
        )
        equal(word, 'replayed')
        const [family] = await play.b.list(shard)
        ok(family?.confirmedAt !== undefined, 'the confirmation is lost')
        ok(family.emittedAt > family.rotatedAt, 'the retry is lost')
      }
    },
  },
  {
    title: 'a sign-in and a logout everywhere after its password was checked: nobody is in',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const sub = `${round}`
        const { epoch } = await play.a.epochs(play.shard(sub))
        const session = play.session(sub, { expectedEpoch: epoch })
        await play.both(
          round,
          () => play.a.create(session),
          (): Promise<unknown> => (round < 3 ? play.b.endAll(session.shard) : play.b.endEveryone()),
        )
        ok(['unknown_session', 'subject_revoked'].includes(await play.outcome(session, 0)))
        deepEqual(await play.sids(sub), [])
      }
    },
  },
  {
    title: 'a refresh at the maximum and a sign-in: one leaves, whoever it is stays away',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const sub = `${round}`
        const oldest = await play.begin(sub)
        play.pass(MINUTE)
        for (let i = 1; i < MAXIMUM; i++) await play.begin(sub)
        play.pass(POLICY.graceMs)
        const [refreshed, created] = await play.both(
          round,
          () => play.outcome(oldest, 0),
          () => play.b.create(play.session(sub)),
        )
        ok(created.ok)
        const [gone] = created.evicted
        const living = await play.sids(sub)
        deepEqual([created.evicted.length, living.length, living.includes(gone ?? '')], [1, MAXIMUM, false])
        if (gone === oldest.sid) for (const generation of [0, 1]) equal(await play.outcome(oldest, generation), 'evicted')
        else deepEqual([refreshed, await play.outcome(oldest, 1)], ['rotated', 'repeated'])
      }
    },
  },
  {
    title: 'a thief and the owner at once: the session ends, and one of them is told so',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const session = await play.begin(`${round}`)
        await play.renew(session, 0, 2)
        play.pass(POLICY.graceMs)
        const both = await play.both(
          round,
          () => play.rotate(session, 0),
          () => play.rotate(session, 0, {}, play.b),
        )
        deepEqual(both.map(wordOf), ['reuse_detected', 'reuse_detected'])
        equal(both.filter((one) => !one.ok && one.reason !== 'unknown_session' && one.endedNow).length, 1)
        equal(await play.outcome(session, 2), 'reuse_detected')

        const other = await play.begin(`${round}`)
        await play.renew(other, 0, 2)
        play.pass(POLICY.graceMs)
        await play.both(
          round,
          () => play.rotate(other, 0),
          () => play.rotate(other, 2, {}, play.b),
        )
        for (const generation of [2, 3]) equal(await play.outcome(other, generation), 'reuse_detected')
      }
    },
  },
  {
    title: 'a session is ended by one',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const { shard, sid } = await play.begin(`${round}`)
        const ended = await play.both(
          round,
          () => play.a.end(shard, sid, 'signed_out'),
          () => play.b.end(shard, sid, 'revoked'),
        )
        equal(ended.filter((one) => one !== undefined).length, 1)
      }
    },
  },
  {
    title: 'two epochs that move at once both move',
    topic: 'races',
    async run(stage) {
      const play = await Play.on(stage)
      for (const round of ROUNDS) {
        const { shard } = await play.begin(`${round}`)
        const [moved, touched] = await play.both(
          round,
          () => play.a.endAll(shard),
          () => play.b.touchClaims(shard),
        )
        deepEqual(await play.a.epochs(shard), { epoch: moved.epoch, claimsEpoch: touched.claimsEpoch })
        const [x, y] = await play.both(
          round,
          () => play.a.endAll(shard),
          () => play.b.endAll(shard),
        )
        ok(x.epoch !== y.epoch)
        equal((await play.b.epochs(shard)).epoch, Math.max(x.epoch, y.epoch))
      }
    },
  },
]
