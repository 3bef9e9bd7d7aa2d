import { lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { addressKind } from './address-kind.ts'
import { OutboundError } from './outbound-error.ts'

/** Asks for all addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** What the system says: hosts file and DNS. */
export const systemResolve: Resolve = (name) =>
  new Promise((resolve, reject) => {
    systemLookup(name, { all: true }, (error, found) => {
      if (error === null) resolve(found.map(({ address }) => address))
      else reject(error)
    })
  })

/**
 * The lookup of one connection, which gets the very addresses that were judged. A check before the request would ask twice, and
 * whoever owns the name answers the second time with 169.254.169.254 (DNS rebinding).
 */
export function guardedLookup(resolve: Resolve, privateNetwork: boolean): LookupFunction {
  return (name, options, done) => {
    resolve(name).then(
      (found) => {
        const fit = found
          .filter((address) => mayBeAsked(address, privateNetwork))
          .map((address) => ({ address, family: isIP(address) }))
        const [first] = fit
        if (first === undefined) done(addressRefused(name), '', 0)
        else if (options.all === true) done(null, fit)
        else done(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => done(error, '', 0),
    )
  }
}

/** Node connects to an address in a URL without a lookup. */
export function mayBeAsked(address: string, privateNetwork: boolean): boolean {
  const kind = addressKind(address)
  return kind === 'public' || (kind === 'private' && privateNetwork)
}

/** Names no address: who asks for names must not learn from the answer what the own network looks like. */
export function addressRefused(name: string): OutboundError {
  return new OutboundError('outbound_address_refused', `${name}: leads to an address that may not be asked`)
}
