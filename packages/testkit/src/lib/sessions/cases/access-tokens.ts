import { deepEqual, equal, ok } from 'node:assert/strict'
import { Play } from '../play.ts'
import { MINUTE, POLICY, REVOCATION_MS, type SessionStoreCase } from '../stage.ts'

/** What access tokens are measured by: epochs, verdicts and the feed. */
export const accessTokenCases: readonly SessionStoreCase[] = [
  {
    title: 'a verdict is about the session, the epochs and the claims, in this order',
    topic: 'access-tokens',
    async run(stage) {
      const play = await Play.on(stage)
      const { shard, sid } = await play.begin()
      const token = { shard, sid, ...(await play.a.epochs(shard)) }
      equal(await play.b.judge(token), undefined)
      const touched = await play.a.touchClaims(shard)
      equal(await play.b.judge(token), 'claims_stale')
      equal(await play.b.judge({ ...token, ...touched }), undefined)
      await play.a.endAll(shard)
      equal(await play.b.judge({ ...token, ...touched }), 'session_ended')
      equal(await play.b.judge(token), 'session_ended')
      const again = await play.begin()
      equal(await play.b.judge({ ...token, sid: again.sid }), 'session_ended', 'an access token from before the logout')
      equal(await play.b.judge({ shard, sid: again.sid, ...(await play.a.epochs(shard)) }), undefined)
      equal(await play.b.judge({ ...token, sid: play.session().sid, epoch: 9e15, claimsEpoch: 9e15 }), 'session_ended')
    },
  },
  {
    title: 'new claims end no session, and the next refresh is told of them',
    topic: 'access-tokens',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const session = await play.begin()
      const before = await play.a.epochs(session.shard)
      const touched = await play.a.touchClaims(session.shard)
      equal(touched.epoch, before.epoch)
      ok(touched.claimsEpoch > before.claimsEpoch)
      const repeated = await play.rotate(session, 0, {}, play.b)
      deepEqual(repeated.ok && [repeated.kind, repeated.epochs], ['repeated', touched])
      play.pass(POLICY.graceMs)
      const rotated = await play.rotate(session, 0, {}, play.b)
      deepEqual(rotated.ok && [rotated.kind, rotated.epochs], ['rotated', touched])
      const created = await play.b.create(play.session())
      deepEqual(created.ok && created.epochs, touched)
      await heard.subject(session.shard, touched)
    },
  },
  {
    title: 'epochs only grow, also when the clock is set back',
    topic: 'access-tokens',
    async run(stage) {
      const play = await Play.on(stage)
      const { shard } = play.session()
      const epochs: number[] = []
      const claims: number[] = []
      const move = async (store = play.a): Promise<void> => {
        epochs.push((await store.endAll(shard)).epoch)
        claims.push((await play.b.touchClaims(shard)).claimsEpoch)
        epochs.push(await store.endEveryone())
        equal((await play.b.epochs(shard)).epoch, epochs.at(-1))
      }
      await move()
      await move(play.b)
      stage.clock.rewind('1h')
      await move()
      await move(play.b)
      stage.clock.advance('2h')
      await move()
      for (const list of [epochs, claims]) {
        deepEqual(
          list,
          [...new Set(list)].toSorted((x, y) => x - y),
        )
        ok(list.every((epoch) => Number.isSafeInteger(epoch) && epoch > 0))
      }
    },
  },
  {
    title: 'an epoch is above any that this place may have given out and lost: microseconds of the clock',
    topic: 'access-tokens',
    async run(stage) {
      const play = await Play.on(stage)
      const { shard } = await play.begin()
      const at = (await play.a.list(shard))[0]?.createdAt ?? 0
      ok((await play.a.touchClaims(shard)).claimsEpoch >= at * 1_000)
      ok((await play.a.endAll(shard)).epoch >= at * 1_000)
      ok((await play.a.endEveryone()) >= at * 1_000)
    },
  },
  {
    title: 'who begins to listen later hears what has to be remembered, and knows how old its knowledge is',
    topic: 'access-tokens',
    async run(stage) {
      const play = await Play.on(stage)
      const session = await play.begin()
      await play.a.end(session.shard, session.sid, 'signed_out')
      const moved = await play.a.endAll(session.shard)
      const epoch = await play.a.endEveryone()
      play.pass(MINUTE)
      const later = await play.another()
      const heard = play.hear(later)
      await heard.session(session.sid)
      await heard.subject(session.shard, moved)
      await heard.everyone(epoch)
      ok(later.revocations.staleness() >= 0)
      ok(Number.isFinite(later.revocations.staleness()))
    },
  },
  {
    title: 'a revocation says until when it has to be remembered: as long as an access token lives',
    topic: 'access-tokens',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear()
      const session = await play.begin()
      const at = (await play.a.list(session.shard))[0]?.createdAt ?? 0
      await play.a.end(session.shard, session.sid, 'revoked')
      const moved = await play.a.endAll(session.shard)
      await heard.session(session.sid)
      await heard.subject(session.shard, moved)
      // Whoever ends it may say so by its own clock.
      const least = at + REVOCATION_MS - (stage.ticks === true ? MINUTE : 0)
      for (const revocation of heard.all) if (revocation.kind !== 'everyone') ok(revocation.until >= least, revocation.kind)
    },
  },
  {
    title: 'a process that ends a session knows it at once',
    topic: 'access-tokens',
    async run(stage) {
      const play = await Play.on(stage)
      const heard = play.hear(play.a)
      const [one, two, three, four] = [await play.begin(), await play.begin(), await play.begin(), await play.begin()]
      const knows = (sid: string): boolean => heard.all.some((r) => r.kind === 'session' && r.sid === sid)
      await play.a.end(one.shard, one.sid, 'signed_out')
      ok(knows(one.sid), 'end')
      await play.a.create(play.session())
      const created = await play.a.create(play.session())
      ok(created.ok && created.evicted.length === 1 && created.evicted.every(knows), 'create')
      const [gone] = created.ok ? created.evicted : []
      const stolen = [two, three, four].find(({ sid }) => sid !== gone)
      ok(stolen)
      await play.renew(stolen, 0, 2)
      equal(await play.outcome(stolen, 0), 'reuse_detected')
      ok(knows(stolen.sid), 'rotate')
      ok((await play.a.endOthers(one.shard, 'another')).every(knows), 'endOthers')
      const { epoch } = await play.a.endAll(one.shard)
      ok(
        heard.all.some((r) => r.kind === 'subject' && r.shard === one.shard && r.epoch === epoch),
        'endAll',
      )
      const everyone = await play.a.endEveryone()
      ok(
        heard.all.some((r) => r.kind === 'everyone' && r.epoch === everyone),
        'endEveryone',
      )
    },
  },
]
