import { shareServers } from '@wardstone/testkit/servers'

/** Vitest calls this before the first test, and what it returns after the last. */
export const setup = shareServers
