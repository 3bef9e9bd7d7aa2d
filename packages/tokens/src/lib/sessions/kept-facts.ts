import type { ClientFacts } from '@wardstone/core'

/** An address with its zone; longer ones are none. */
const IP = 64
const USER_AGENT = 256

/** As much of a client as sessions keep: both texts may be headers that somebody made as long as he liked. */
export function kept({ ip, userAgent }: ClientFacts): ClientFacts {
  return { ip: ip?.slice(0, IP).toWellFormed(), userAgent: userAgent?.slice(0, USER_AGENT).toWellFormed() }
}
