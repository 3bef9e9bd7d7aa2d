export { PostgresStatementError, PostgresUnavailableError } from './lib/postgres/errors.ts'
export type { PostgresUnavailableReason } from './lib/postgres/errors.ts'
