import { isIP } from 'node:net'
import type { OptionReader } from '../options.ts'
import { addressKind } from './address-kind.ts'

/** A host that may be asked, with more than its name. */
export interface OutboundHost {
  /** As in a list of texts. */
  readonly host: string
  /** Whether its name may lead into the own network. Default: the option of that name. */
  readonly privateNetwork?: boolean | undefined
}

/** A host of the list that a URL fits. */
export interface AllowedHost {
  readonly privateNetwork: boolean
}

interface Entry extends AllowedHost {
  /** As `URL` writes it; of a wildcard, what follows the asterisk. */
  readonly name: string
  readonly wildcard: boolean
  /** `undefined`: that of the scheme. */
  readonly port: number | undefined
}

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 }

/** The hosts that may be asked. */
export class AllowList {
  readonly #entries: readonly Entry[]
  readonly #insecure: boolean

  constructor(entries: readonly Entry[], insecure: boolean) {
    this.#entries = entries
    this.#insecure = insecure
  }

  /** The entry that a URL fits. Only what `URL` made of it is compared, so there is no second reading to disagree with. */
  find(url: URL): AllowedHost | undefined {
    if (url.protocol !== 'https:' && !(this.#insecure && url.protocol === 'http:')) return undefined
    if (url.username !== '' || url.password !== '') return undefined
    const name = nameOf(url)
    const usual = PORTS[url.protocol]
    const port = url.port === '' ? usual : Number(url.port)
    return this.#entries.find((one) => {
      if ((one.port ?? usual) !== port) return false
      // A wildcard begins at a dot and stands for something: evil-example.com and example.com are not *.example.com.
      return one.wildcard ? name.endsWith(one.name) && name.length > one.name.length && isIP(name) === 0 : name === one.name
    })
  }
}

/** The host of a URL without brackets, and without the dot that makes a name absolute. */
export function nameOf(url: URL): string {
  const name = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** Reads `hosts`, `insecure` and `privateNetwork`. */
export function readAllowList(o: OptionReader): AllowList {
  const insecure = o.oneOf('insecure', [true, false], false)
  const privateNetwork = o.oneOf('privateNetwork', [true, false], false)
  const expected = 'expected a list of hosts such as "api.example.com", "*.hooks.example.com:8443" or { host, privateNetwork }'
  const given = o.value<ReadonlyArray<string | OutboundHost>>('hosts', expected, isListOfHosts) ?? []
  // Empty when it was wrong, too: that has been told.
  if (!isListOfHosts(given)) return new AllowList([], insecure)
  if (given.length === 0) o.problem('hosts', `required; ${expected}`)
  const entries = given.map((one, at) => {
    const { host, privateNetwork: own }: OutboundHost = typeof one === 'string' ? { host: one } : one
    const entry = parseEntry(host, own ?? privateNetwork)
    if (typeof entry !== 'string') return entry
    o.problem(`hosts.${at}`, entry)
    return undefined
  })
  return new AllowList(
    entries.filter((entry) => entry !== undefined),
    insecure,
  )
}

const SHAPE = /^(\*\.)?(\[[\da-f:.]+\]|[^\s/?#@\\:*[\]%]+)(?::(\d{1,5}))?$/i

/** The entry, or what was expected of it. */
function parseEntry(text: string, privateNetwork: boolean): Entry | string {
  const [, star, host = '', port] = SHAPE.exec(text) ?? []
  // One reader for the list and for what is compared with it.
  const parsed = host !== '' && URL.canParse(`https://${host}`) ? nameOf(new URL(`https://${host}`)) : ''
  if (parsed === '' || Number(port ?? 1) > 65_535 || Number(port ?? 1) < 1)
    return 'expected a host without scheme and path, such as "api.example.com" or "*.hooks.example.com:8443"'
  const wildcard = star !== undefined
  if (wildcard && (isIP(parsed) !== 0 || !parsed.includes('.')))
    return 'expected a wildcard below a domain, such as "*.hooks.example.com": a whole top-level domain belongs to anybody'
  if (isIP(parsed) !== 0) {
    const kind = addressKind(parsed)
    if (kind === 'never') return 'this address is never asked: it is link-local, multicast, reserved or a metadata service'
    if (kind === 'private' && !privateNetwork)
      return 'this address is of the own network: say { host, privateNetwork: true } if that is meant'
  }
  return { name: wildcard ? `.${parsed}` : parsed, wildcard, port: port === undefined ? undefined : Number(port), privateNetwork }
}

function isListOfHosts(value: unknown): value is ReadonlyArray<string | OutboundHost> {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' || isOutboundHost(one))
}

function isOutboundHost(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { host, privateNetwork, ...rest } = value as Readonly<Record<string, unknown>>
  return typeof host === 'string' && ['undefined', 'boolean'].includes(typeof privateNetwork) && Object.keys(rest).length === 0
}
