import type { SqlLike } from '@wardstone/core'
import { faultOf, isRolledBack, Late } from './errors.ts'

/** Rows as a driver gives them. */
export type Row = Readonly<Record<string, unknown>>

/** Asks the user's client, and turns what goes wrong into errors of ours. */
export class Database {
  readonly #sql: SqlLike
  readonly deadlineMs: number

  constructor(sql: SqlLike, deadlineMs: number) {
    this.#sql = sql
    this.deadlineMs = deadlineMs
  }

  /**
   * Runs one statement, on whatever connection the client takes. Only what was rolled back as a whole is asked again, once: with
   * any other fault it may have run.
   */
  async query(verb: string, text: string, params: readonly unknown[]): Promise<readonly Row[]> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      // Timers come before sockets: an answer that waits unread, since this process was busy, is read first.
      timer = setTimeout(() => setImmediate(() => reject(new Late())), this.deadlineMs)
    })
    try {
      return await Promise.race([this.#ask(text, params), late])
    } catch (error) {
      throw faultOf(error, verb)
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(text: string, params: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return (await this.#sql.query<Row>(text, [...params])).rows
    } catch (error) {
      if (!isRolledBack(error)) throw error
    }
    return (await this.#sql.query<Row>(text, [...params])).rows
  }
}
