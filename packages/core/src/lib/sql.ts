/**
 * The least that a SQL store needs from a PostgreSQL client: `pg.Pool`, a `pg` client and PGlite fit as they are.
 * Parameters are bound by the server, never spliced into the text.
 */
export interface SqlLike {
  query<R>(text: string, params: unknown[]): Promise<{ rows: R[] }>
}
