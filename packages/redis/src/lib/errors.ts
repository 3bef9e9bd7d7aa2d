import { WardstoneError } from '@wardstone/core'

/**
 * Why Redis did not answer.
 *
 * - `deadline`: not within the deadline of the call
 * - `connection`: there is none, or it broke
 * - `server`: it answered that it cannot serve now, such as `OOM`, `LOADING`, `READONLY`
 * - `breaker`: it failed so often lately that it was not asked
 * - `closed`: the connection was closed by the application
 */
export type UnavailableReason = 'deadline' | 'connection' | 'server' | 'breaker' | 'closed'

/** What is known of a call that was not answered. */
export interface UnavailableFacts {
  readonly reason: UnavailableReason
  /** Whether it may have taken effect all the same. */
  readonly mayHaveRun: boolean
  readonly retryAfterMs?: number | undefined
  /** The first word of the server's answer. */
  readonly answer?: string | undefined
  readonly cause?: unknown
}

const MESSAGES: Record<UnavailableReason, string> = {
  deadline: 'Redis did not answer within the deadline',
  connection: 'there is no connection to Redis',
  server: 'Redis cannot serve now',
  breaker: 'Redis failed too often lately and was not asked',
  closed: 'the connection to Redis was closed',
}

/** When nothing better is known: long enough for a failover to be noticed, short enough to be waited for. */
const RETRY_AFTER_MS = 1_000

/** Redis could not be asked, or did not answer in time. Code `store_unavailable`, retryable. */
export class StoreUnavailableError extends WardstoneError<'store_unavailable'> {
  readonly code = 'store_unavailable'
  readonly reason: UnavailableReason
  /**
   * Whether what was asked may have taken effect. Nothing is sent twice: if this is `false` it did not and will not; if it is
   * `true` nobody knows, and only the caller knows whether asking again does harm.
   */
  readonly mayHaveRun: boolean

  constructor({ reason, mayHaveRun, retryAfterMs = RETRY_AFTER_MS, answer, cause }: UnavailableFacts) {
    super(answer === undefined ? MESSAGES[reason] : `${MESSAGES[reason]}: ${answer}`, { retryable: true, retryAfterMs, cause })
    this.reason = reason
    this.mayHaveRun = mayHaveRun
  }
}

/**
 * Redis refused a command or a script for a reason that does not pass: a mistake in the script, a key of another type, a
 * missing permission. Code `redis_command_failed`. Names the script, its line and the first word of the answer; never keys
 * or arguments, which may hold tokens.
 */
export class RedisCommandError extends WardstoneError<'redis_command_failed'> {
  readonly code = 'redis_command_failed'
  /** The script's name, or the command. */
  readonly command: string
  /** The first word of the answer, such as `WRONGTYPE`. */
  readonly answer: string
  /** The line of the script, where Redis tells. */
  readonly line: number | undefined

  constructor(command: string, answer: string, line?: number) {
    super(`${command}: Redis answered ${answer}${line === undefined ? '' : ` at line ${line}`}`)
    this.command = command
    this.answer = answer
    this.line = line
  }
}

/** What passes by itself or by an operator's hand. All else is a mistake, and asking again is of no use. */
const PASSING = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOAUTH',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'WRONGPASS',
])

/** The server serves nobody: as good as silent, though it answers. One that is out of memory still reads. */
const USELESS = new Set(['BUSY', 'CLUSTERDOWN', 'LOADING', 'MASTERDOWN', 'NOAUTH', 'READONLY', 'WRONGPASS'])

/** The call's time is up. */
export class Late extends Error {}

/** An answer of the server that is an error: its first word. `undefined` for what went wrong on our side of the wire. */
export function answerOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined
  return /^[A-Z]{2,20}(?= |$)/.exec(error.message)?.[0] ?? 'ERR'
}

/** What the caller gets. The client's own error stays out of it: it carries the command with its arguments. */
export function faultOf(error: unknown, command: string, mayHaveRun: boolean): StoreUnavailableError | RedisCommandError {
  if (error instanceof StoreUnavailableError || error instanceof RedisCommandError) return error
  if (error instanceof Late) return new StoreUnavailableError({ reason: 'deadline', mayHaveRun })
  const answer = answerOf(error)
  if (answer === undefined) {
    const cause = error instanceof Error ? new Error(error.message) : undefined
    return new StoreUnavailableError({ reason: 'connection', mayHaveRun, cause })
  }
  // A script that ran out of memory on its second write has done its first.
  if (PASSING.has(answer)) return new StoreUnavailableError({ reason: 'server', mayHaveRun: answer === 'OOM', answer })
  const line = /user_script:(\d+)/.exec((error as Error).message)?.[1]
  return new RedisCommandError(command, answer, line === undefined ? undefined : Number(line))
}

/** Whether a node that failed like this had better be left alone for a while. */
export function countsAgainstNode(error: unknown): boolean {
  const answer = answerOf(error)
  return answer === undefined || USELESS.has(answer)
}
