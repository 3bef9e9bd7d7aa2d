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
  query(verb: string, text: string, params: unknown[]): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      // Timers come before sockets: an answer that waits unread, since this process was busy, is read first.
      const timer = setTimeout(() => setImmediate(() => reject(faultOf(new Late(), verb))), this.deadlineMs)
      this.#ask(text, params).then(
        (rows) => {
          clearTimeout(timer)
          resolve(rows)
        },
        (error: unknown) => {
          clearTimeout(timer)
          reject(faultOf(error, verb))
        },
      )
    })
  }

  async #ask(text: string, params: unknown[]): Promise<readonly Row[]> {
    try {
      return (await this.#sql.query<Row>(text, params)).rows
    } catch (error) {
      if (!isRolledBack(error)) throw error
    }
    return (await this.#sql.query<Row>(text, params)).rows
  }
}
