import { script, type RedisLike, type Script } from '@wardstone/redis'
import { sessionStoreCases } from '@wardstone/testkit/sessions'
import { available, sharedRedis } from '@wardstone/testkit/servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NaiveStore } from './naive-store.ts'
import { failed } from './play.ts'
import { CLIENT, memoryStage, Place } from './stages.ts'

describe('a store that reads and then writes', () => {
  it('[TOK-13] is right alone, and wrong in every race', async () => {
    const wrong = await failed(() => memoryStage((clock) => new NaiveStore(clock.now)))
    const answersLost = (title: string): boolean => title.includes('whose answer is lost')
    const races = sessionStoreCases.filter(({ topic, title }) => topic === 'races' && !answersLost(title))
    expect(wrong).toEqual(races.map(({ title }) => title))
  })

  it('[TOK-13] is right where the stage has one verb finish before the other begins', async () => {
    const inTurn = async ([first, second]: readonly [() => Promise<void>, () => Promise<void>]): Promise<void> => {
      await first()
      await second()
    }
    const wrong = await failed(() => ({ ...memoryStage((clock) => new NaiveStore(clock.now)), interleave: inTurn }))
    expect(wrong.filter((title) => !title.startsWith('many '))).toEqual([])
  })
})

/** What somebody might change in a script, and the case that says no. */
const MUTANTS: ReadonlyArray<readonly [what: string, from: string, to: string, title: string]> = [
  ['an ended session is refreshed', 'if dead then return refused(dead) end', '', 'nothing brings an ended session back'],
  [
    'a logout everywhere ends no session',
    'if f.epoch < epoch or known_dead then',
    'if known_dead then',
    'a refresh and a logout everywhere, or of the others, or of everyone: nothing survives',
  ],
  [
    'the grace slides',
    'f.emitted = now\nreturn stepped(REPLAYED)',
    'f.emitted, f.rotated = now, now\nreturn stepped(REPLAYED)',
    'a session that was never confirmed waits a short time for its lost answer, however often it is asked',
  ],
  [
    'a retry forks',
    'f.emitted = now\nreturn stepped(REPLAYED)',
    'return rotate(f.generation + 1, REPLAYED)',
    'two refreshes of one token: one new generation, and both get it',
  ],
  [
    'an old token is only refused',
    'if distance > 1 then return ended(REUSE) end',
    'if distance > 1 then return refused(REUSE) end',
    'a thief and the owner at once: the session ends, and one of them is told so',
  ],
  [
    'any secret will do',
    'if f.hash ~= ARGV[7] then return refused(FORGED) end',
    '',
    'a token with another secret is refused, and ends nothing',
  ],
  [
    'a logout by token ends any session',
    ` or (ARGV[8] ~= '' and f.hash ~= ARGV[8])`,
    '',
    'a logout by token takes the secret of the session',
  ],
  [
    'the budget is one more',
    'if f.streak >= budget',
    'if f.streak > budget',
    'who is late in every generation is one of two, and that ends',
  ],
  [
    'confirmations move the time',
    ' or f.confirmed > 0 or why_dead',
    ' or why_dead',
    'a confirmation is of the current generation, once, and closes the window a grace later',
  ],
  [
    'a sign-in does not look at the epoch',
    `if ARGV[13] ~= '' and tonumber(ARGV[13]) < epoch then return { 'moved' } end`,
    '',
    'a sign-in and a logout everywhere after its password was checked: nobody is in',
  ],
  [
    'epochs are counted',
    'local epoch = math.max(previous + 1, micros)',
    'local epoch = previous + 1',
    'epochs that a failover forgets are never given out again',
  ],
  [
    'epochs are the time',
    'local epoch = math.max(previous + 1, micros)',
    'local epoch = micros',
    'epochs only grow, also when the clock is set back',
  ],
  [
    'anybody leaves at the maximum',
    'return a.f.rotated < b.f.rotated',
    'return a.f.rotated > b.f.rotated',
    'above the maximum the least recently used session leaves, and everybody hears of it',
  ],
  [
    'tombstones stay',
    'for i = 1, #tombstones - maximum do',
    'for i = 1, 0 do',
    'hundreds of logouts of one subject leave little behind',
  ],
  [
    'a lost refresh ends the session',
    'if distance == -1 or distance == -2 then',
    'if distance == -1 then',
    'a refresh that a failover forgets is healed by the token that the client has',
  ],
  [
    'revocations are over at once',
    `announce('s ' .. sid .. ' ' .. whole(now + revocation))`,
    `announce('s ' .. sid .. ' ' .. whole(now))`,
    'a revocation says until when it has to be remembered: as long as an access token lives',
  ],
  [
    'the times are those of the server without a test clock',
    'if now >= f.idle then',
    'if true_now >= f.idle then',
    'a session that nobody uses ends at its idle end, to the millisecond, in every verb',
  ],
]

describe.skipIf(!(await available('redis')))('scripts that are wrong', { timeout: 20_000 }, () => {
  let place: Place
  beforeAll(async () => {
    place = await Place.at(new Redis((await sharedRedis()).url, CLIENT))
  }, 30_000)
  afterAll(() => place?.close())

  it.each(MUTANTS)('[TOK-13] %s: a case says no', async (_what, from, to, title) => {
    let changed = 0
    const mutate = (right: Script): Script => {
      if (!right.source.includes(from)) return right
      changed++
      return script(right.source.replace(from, to), right)
    }
    const through = (redis: RedisLike): RedisLike => ({
      run: (right, keys, args, options) => redis.run(mutate(right), keys, args, options),
      read: (...args) => redis.read(...args),
      subscribe: (...args) => redis.subscribe(...args),
    })
    expect(await failed(() => place.stage(through), [title])).toEqual([title])
    expect(changed).toBeGreaterThan(0)
  })
})
