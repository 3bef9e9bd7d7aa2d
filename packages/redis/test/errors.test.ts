import { ReplyError } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { answerOf, countsAgainstNode, faultOf, Late } from '../src/lib/errors.ts'

/** As the client makes it, with the command and all its arguments. */
function reply(message: string): Error {
  const Made = ReplyError as new (message: string) => Error
  return Object.assign(new Made(message), { command: { name: 'evalsha', args: ['s3cret'] } })
}

const PASSES = { code: 'store_unavailable', retryable: true, reason: 'server', retryAfterMs: 1_000 }
const STAYS = { code: 'redis_command_failed', retryable: false, command: 'rotate' }

describe('an answer of Redis that is an error', () => {
  it.each([
    ['LOADING Redis is loading the dataset in memory', 'alone'],
    ['MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no.', 'alone'],
    ["READONLY You can't write against a read only replica. script: 0a, on @user_script:2.", 'alone'],
    ['CLUSTERDOWN Hash slot not served', 'alone'],
    ['BUSY Redis is busy running a script.', 'alone'],
    ['NOAUTH Authentication required.', 'alone'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'alone'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'asked'],
    ["OOM command not allowed when used memory > 'maxmemory'. script: 0a, on @user_script:1.", 'asked'],
    ['MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.', 'asked'],
    ['NOREPLICAS Not enough good replicas to write.', 'asked'],
  ])('passes: %s (the server is left %s)', (message, left) => {
    const error = reply(message)
    expect(faultOf(error, 'rotate', false)).toMatchObject(PASSES)
    expect(faultOf(error, 'rotate', false).message).toContain(answerOf(error))
    expect(countsAgainstNode(error)).toBe(left === 'alone')
  })

  it.each([
    ['WRONGTYPE Operation against a key holding s3cret script: 0a, on @user_script:12.', 'WRONGTYPE', 12],
    ["ERR unknown command 'x', with args beginning with: 's3cret'", 'ERR', undefined],
    ['NOPERM this user has no permissions to access s3cret', 'NOPERM', undefined],
    ['CROSSSLOT Keys in request do not hash to the same slot', 'CROSSSLOT', undefined],
    ['MOVED 3999 127.0.0.1:6381', 'MOVED', undefined],
    ['s3cret', 'ERR', undefined],
    ['S3CRETWORDTHATISNOCODE s3cret', 'ERR', undefined],
  ])('stays: %s', (message, answer, line) => {
    const fault = faultOf(reply(message), 'rotate', false)
    expect(fault).toMatchObject({ ...STAYS, answer, line })
    expect(JSON.stringify([fault, fault.message, fault.stack, fault.cause])).not.toMatch(/s3cret/i)
    expect(countsAgainstNode(reply(message))).toBe(false)
  })
})

describe('no answer of Redis', () => {
  it('counts against the node, says what went wrong, and whether it may have run all the same', () => {
    const lost = Object.assign(new Error('Connection is closed.'), { command: { args: ['s3cret'] } })
    const fault = faultOf(lost, 'rotate', true)
    expect(fault).toMatchObject({ ...PASSES, reason: 'connection', mayHaveRun: true, cause: new Error('Connection is closed.') })
    expect(fault.cause).not.toHaveProperty('command')
    expect(faultOf(new Late(), 'rotate', true)).toMatchObject({ ...PASSES, reason: 'deadline', mayHaveRun: true })
    expect([countsAgainstNode(lost), countsAgainstNode(new Late())]).toEqual([true, true])
  })
})
