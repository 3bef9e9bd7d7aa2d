import { inspect } from 'node:util'
import { WardstoneError, type SqlLike } from '@wardstone/core'
import { afterEach, describe, expect, it } from 'vitest'
import { PostgresStatementError, PostgresUnavailableError, postgresFeed, postgresStore } from '../../src/postgres.ts'
import { newSession, refresh, settingsOf } from './sessions.ts'

const stores: { close(): void }[] = []
afterEach(() => {
  for (const store of stores.splice(0)) store.close()
})

/** A client that fails as it is told, and counts how often it was asked to rotate. */
function failing(...errors: readonly unknown[]): { sql: SqlLike; asked: () => number } {
  let asked = 0
  const query = async (text: string): Promise<{ rows: unknown[] }> => {
    if (!text.includes('rotate')) return { rows: [] }
    const error = errors[asked++]
    if (error !== undefined) throw error
    return { rows: [{ answer: null }] }
  }
  return { sql: { query: query as SqlLike['query'] }, asked: () => asked }
}

async function faultOf(sql: SqlLike, session = newSession()): Promise<unknown> {
  const store = postgresStore({ sql, deadline: '5s' })
  stores.push(store)
  store.configure(settingsOf('errors'))
  return refresh(store, session, 0).catch((error: unknown) => error)
}

/** As `pg` and PGlite make them: with much that must not be said. */
const answered = (code: string): Error =>
  Object.assign(new Error('secret-parameter'), {
    code,
    severity: 'ERROR',
    detail: 'Key (sid)=(secret-parameter)',
    params: ['secret-parameter'],
  })
const broken = (facts: object, message = 'it broke'): Error => Object.assign(new Error(message), facts)

describe('what a fault of PostgreSQL becomes', () => {
  it.each([
    ['cannot connect now', answered('57P03'), 'server', false],
    ['too many connections', answered('53300'), 'server', false],
    ['the disk is full', answered('53100'), 'server', false],
    ['statement timeout', answered('57014'), 'server', false],
    ['lock timeout', answered('55P03'), 'server', false],
    ['a replica', answered('25006'), 'server', false],
    ['a wrong password', answered('28P01'), 'server', false],
    ['an administrator ends the connection', answered('57P01'), 'server', true],
    ['the server crashed', answered('57P02'), 'server', true],
    ['nobody listens', broken({ code: 'ECONNREFUSED', syscall: 'connect' }), 'connection', false],
    ['no such host', broken({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'connection', false],
    ['reset', broken({ code: 'ECONNRESET', syscall: 'read' }), 'connection', true],
    ['a pipe', broken({ code: 'EPIPE', syscall: 'write' }), 'connection', true],
    ['terminated', broken({}, 'Connection terminated unexpectedly'), 'connection', true],
    ['no error at all', undefined as never, 'connection', true],
  ])('[TOK-13] passes: %s', async (_, error, reason, mayHaveRun) => {
    const { sql, asked } = failing(error ?? { odd: true })
    const fault = await faultOf(sql)
    expect(fault).toBeInstanceOf(PostgresUnavailableError)
    expect(fault).toBeInstanceOf(WardstoneError)
    expect(fault).toMatchObject({ code: 'store_unavailable', retryable: true, retryAfterMs: 1_000, reason, mayHaveRun })
    expect(asked()).toBe(1)
  })

  it.each(['42P01', '42883', '42501', '23505', '22021', 'XX000', 'P0001'])('[TOK-13] does not pass: %s', async (code) => {
    const { sql, asked } = failing(answered(code))
    const fault = await faultOf(sql)
    expect(fault).toBeInstanceOf(PostgresStatementError)
    expect(fault).toMatchObject({ code: 'postgres_statement_failed', retryable: false, verb: 'rotate', sqlState: code })
    expect(asked()).toBe(1)
  })

  it.each(['40001', '40P01'])('[TOK-13] was rolled back and is asked once more: %s', async (code) => {
    const once = failing(answered(code))
    expect(await faultOf(once.sql)).toBe('unknown_session')
    expect(once.asked()).toBe(2)
    const twice = failing(answered(code), answered(code))
    expect(await faultOf(twice.sql)).toMatchObject({ code: 'store_unavailable', mayHaveRun: false, sqlState: code })
    expect(twice.asked()).toBe(2)
  })

  it('[TOK-13] says nothing of parameters', async () => {
    const session = newSession()
    for (const code of ['23505', '57P03', '40001', '57P01']) {
      const { sql } = failing(answered(code), answered(code))
      const said = inspect(await faultOf(sql, session), { depth: 9 })
      for (const secret of ['secret-parameter', session.sid, session.shard, session.secretHash.toString('hex')])
        expect(said).not.toContain(secret)
    }
  })
})

describe('options of the store on PostgreSQL', () => {
  it('says everything that is wrong at once', () => {
    const wrong = { sql: {}, schema: 'A b', deadline: '1ms', every: '1h', pool: 1 } as never
    expect(() => postgresStore(wrong)).toThrow(
      expect.objectContaining({
        code: 'invalid_options',
        problems: expect.arrayContaining(
          ['sql', 'schema', 'deadline', 'every', 'pool'].map((option) => expect.objectContaining({ option })),
        ),
      }),
    )
    expect(() => postgresFeed({ sql: failing().sql } as never)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })

  it('[TOK-13] services that share a store have the same issuer and lifetimes', () => {
    const store = postgresStore({ sql: failing().sql })
    stores.push(store)
    expect(() => store.revocations).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
    store.configure(settingsOf('one'))
    store.configure(settingsOf('one'))
    expect(() => store.configure(settingsOf('two'))).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(() => store.configure({ ...settingsOf('one'), maxSessions: 5 })).toThrow(
      expect.objectContaining({ code: 'invalid_options' }),
    )
  })
})
