import { WardstoneError } from '@wardstone/core'

/**
 * Why PostgreSQL did not answer.
 *
 * - `deadline`: not within the deadline of the call
 * - `connection`: there is none, or it broke
 * - `server`: it answered that it cannot serve now: it starts or stops, has no connection left, waits for a lock for too long, or
 * only reads
 */
export type PostgresUnavailableReason = 'deadline' | 'connection' | 'server'

/** What is known of a statement that was not answered. */
interface UnavailableFacts {
  readonly reason: PostgresUnavailableReason
  readonly mayHaveRun: boolean
  readonly sqlState?: string | undefined
  readonly cause?: unknown
}

const MESSAGES: Record<PostgresUnavailableReason, string> = {
  deadline: 'PostgreSQL did not answer within the deadline',
  connection: 'there is no connection to PostgreSQL',
  server: 'PostgreSQL cannot serve now',
}

/** When nothing better is known: long enough for a failover to be noticed, short enough to be waited for. */
const RETRY_AFTER_MS = 1_000

/** PostgreSQL could not be asked, or did not answer in time. Code `store_unavailable`, retryable. */
export class PostgresUnavailableError extends WardstoneError<'store_unavailable'> {
  readonly code = 'store_unavailable'
  readonly reason: PostgresUnavailableReason
  /** Whether what was asked may have taken effect. `false`: it did not and will not. `true`: nobody knows. */
  readonly mayHaveRun: boolean
  /** The server's five characters, such as `57P03`, if it was the server. */
  readonly sqlState: string | undefined

  constructor({ reason, mayHaveRun, sqlState, cause }: UnavailableFacts) {
    const message = sqlState === undefined ? MESSAGES[reason] : `${MESSAGES[reason]}: ${sqlState}`
    super(message, { retryable: true, retryAfterMs: RETRY_AFTER_MS, cause })
    this.reason = reason
    this.mayHaveRun = mayHaveRun
    this.sqlState = sqlState
  }
}

/**
 * PostgreSQL refused a statement for a reason that does not pass: the tables are missing, or a right. Code
 * `postgres_statement_failed`. Names the verb and the five characters of the server; never its message or its detail, which may
 * quote parameters.
 *
 * @see {@link https://www.postgresql.org/docs/current/errcodes-appendix.html | PostgreSQL error codes}
 */
export class PostgresStatementError extends WardstoneError<'postgres_statement_failed'> {
  readonly code = 'postgres_statement_failed'
  /** What was to be done, such as `rotate`. */
  readonly verb: string
  /** Such as `42501`. */
  readonly sqlState: string

  constructor(verb: string, sqlState: string) {
    super(`${verb}: PostgreSQL answered ${sqlState}${MENDS[sqlState] ?? ''}`)
    this.verb = verb
    this.sqlState = sqlState
  }
}

const MENDS: Readonly<Record<string, string>> = {
  '42P01': ', there is no such table: run migrate()',
  '42883': ', there is no such function: run migrate()',
  '3F000': ', there is no such schema: run migrate()',
  '42501': ', this user may not: see the rights in the comment of postgresStore()',
}

/** The call's time is up. */
export class Late extends Error {}

/**
 * Classes of what passes by itself or by an operator's hand: connections, credentials, transactions that were rolled back,
 * resources, operators and the system. Besides: a lock that was not to be had, and a server that only reads since another one has
 * taken over.
 */
const PASSING_CLASSES = new Set(['08', '28', '40', '53', '57', '58'])
const PASSING = new Set(['55P03', '25006'])

/** Rolled back as a whole, since another transaction came first. Asked again at once, it will most likely pass. */
const ROLLED_BACK = new Set(['40001', '40P01'])

/** The connection ended with it: what was committed just before, nobody was told. */
const CUT_OFF = /^(?:08|57P0[12])/

/** Before anything was sent. */
const CONNECTING = new Set(['connect', 'getaddrinfo'])

/** The five characters of an answer of the server. Names of errors of the system, such as EPIPE, have no digit. */
function sqlStateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** Whether the statement certainly did nothing, and would probably do it now. */
export function isRolledBack(error: unknown): boolean {
  return ROLLED_BACK.has(sqlStateOf(error) ?? '')
}

/** What the caller gets. The driver's own error stays out of it: it may carry the statement with its parameters. */
export function faultOf(error: unknown, verb: string): PostgresUnavailableError | PostgresStatementError {
  if (error instanceof Late) return new PostgresUnavailableError({ reason: 'deadline', mayHaveRun: true })
  const sqlState = sqlStateOf(error)
  if (sqlState === undefined) {
    const { syscall, message } = (error ?? {}) as { syscall?: unknown; message?: unknown }
    const cause = typeof message === 'string' ? new Error(message) : undefined
    return new PostgresUnavailableError({ reason: 'connection', mayHaveRun: !CONNECTING.has(String(syscall)), cause })
  }
  if (PASSING_CLASSES.has(sqlState.slice(0, 2)) || PASSING.has(sqlState))
    return new PostgresUnavailableError({ reason: 'server', mayHaveRun: CUT_OFF.test(sqlState), sqlState })
  return new PostgresStatementError(verb, sqlState)
}
