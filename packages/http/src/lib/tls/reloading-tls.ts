import { Agent, type AgentOptions } from 'node:https'
import { emitter, type EventSink, type Now } from '@wardstone/core'
import type { TlsEvent } from './events.ts'
import { check, digestOf, type Material, type MinVersion } from './material.ts'
import { readPems, type PemSources } from './source.ts'
import type { ClientTlsOptions, SecureServer, Tls, TlsReload, TlsServerOptions, TlsStats } from './tls.ts'

/** Options of `createTls`, read. */
export interface TlsSettings {
  readonly sources: PemSources
  readonly clients: 'none' | 'optional' | 'required'
  readonly minVersion: MinVersion
  readonly everyMs: number | undefined
  readonly events: EventSink<TlsEvent> | undefined
  readonly now: Now
}

/** Whoever writes two files writes one first. */
const PAUSE_MS = 100
const ATTEMPTS = 5
const DAY_MS = 86_400_000
const SOON_MS = 14 * DAY_MS
const NOW_OR_NEVER_MS = 2 * DAY_MS

/** The certificate in use, and the way to the next one. */
export class ReloadingTls implements Tls {
  readonly #settings: TlsSettings
  readonly #emit: (event: TlsEvent) => void
  readonly #servers = new Set<SecureServer>()
  readonly #timer: NodeJS.Timeout | undefined
  #material: Material
  #loading: Promise<TlsReload> | undefined
  #reloads = 0
  #failedReloads = 0
  /** What was told of, so that it is told once. */
  #toldFailure: string | undefined
  #toldExpiry: string | undefined

  constructor(settings: TlsSettings, material: Material) {
    this.#settings = settings
    this.#material = material
    this.#emit = emitter(settings.events)
    this.#tellExpiry()
    if (settings.everyMs === undefined) return
    this.#timer = setInterval(() => void this.reload(), settings.everyMs)
    this.#timer.unref()
  }

  get options(): TlsServerOptions {
    const { clients } = this.#settings
    const { cert, key, minVersion = 'TLSv1.3' } = this.#material.options
    const own = { ...this.#material.options, cert: cert ?? '', key: key ?? '', minVersion }
    return { ...own, requestCert: clients !== 'none', rejectUnauthorized: clients === 'required' }
  }

  attach<S extends SecureServer>(server: S): S {
    this.#servers.add(server)
    server.once('close', () => this.#servers.delete(server))
    server.setSecureContext(this.#material.options) // it may have been made before the last change
    return server
  }

  clientOptions(): ClientTlsOptions {
    return { secureContext: this.#material.context }
  }

  agent(options: AgentOptions = {}): Agent {
    return new RenewingAgent(this, options)
  }

  reload(): Promise<TlsReload> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
    return this.#loading
  }

  stats(): TlsStats {
    const { expiresAt, fingerprint256 } = this.#material
    const [reloads, failedReloads, servers] = [this.#reloads, this.#failedReloads, this.#servers.size]
    return { expiresAt, fingerprint256, reloads, failedReloads, servers }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#servers.clear()
  }

  async #load(): Promise<TlsReload> {
    let problems: readonly string[] = ['the files change all the time']
    let pems = await readPems(this.#settings.sources)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (digestOf(pems) === this.#material.digest) {
        this.#toldFailure = undefined
        this.#tellExpiry()
        return 'unchanged'
      }
      // Half of a file may be a whole certificate, and two files are never exchanged at once: only what stays so is judged.
      await pause(PAUSE_MS)
      const before = digestOf(pems)
      pems = await readPems(this.#settings.sources)
      if (digestOf(pems) !== before) continue
      const checked = check(pems, this.#settings.minVersion, this.#settings.now())
      if ('material' in checked) return this.#take(checked.material)
      problems = checked.problems.map(({ option, expected }) => `${option}: ${expected}`)
    }
    return this.#fail(problems, digestOf(pems))
  }

  #take(material: Material): 'reloaded' {
    this.#material = material
    this.#reloads++
    this.#toldFailure = undefined
    for (const server of this.#servers) server.setSecureContext(material.options)
    const { fingerprint256, expiresAt } = material
    this.#emit({ name: 'tls_reloaded', severity: 'info', at: this.#settings.now(), data: { fingerprint256, expiresAt } })
    this.#tellExpiry()
    return 'reloaded'
  }

  #fail(problems: readonly string[], digest: string): 'failed' {
    this.#failedReloads++
    const what = [digest, ...problems].join('\n')
    if (what !== this.#toldFailure) {
      this.#toldFailure = what
      const at = this.#settings.now()
      const { expiresAt } = this.#material
      const data = { problems, expiresAt }
      this.#emit({ name: 'tls_reload_failed', severity: expiresAt - at < SOON_MS ? 'critical' : 'warn', at, data })
    }
    this.#tellExpiry()
    return 'failed'
  }

  #tellExpiry(): void {
    const at = this.#settings.now()
    const { fingerprint256, expiresAt } = this.#material
    const left = expiresAt - at
    if (left >= SOON_MS) return
    const urgent = left < NOW_OR_NEVER_MS
    const what = `${fingerprint256} ${urgent}`
    if (what === this.#toldExpiry) return
    this.#toldExpiry = what
    const data = { fingerprint256, expiresAt }
    this.#emit({ name: 'tls_certificate_expiring', severity: urgent ? 'critical' : 'warn', at, data })
  }
}

/** Node's agents keep the certificate that they were made with. */
class RenewingAgent extends Agent {
  readonly #tls: Tls

  constructor(tls: Tls, options: AgentOptions) {
    // A resumed session speaks for the certificate that began it: no session is kept, so that the new one is shown.
    super({ keepAlive: true, ...options, maxCachedSessions: 0 })
    this.#tls = tls
  }

  override createConnection(
    ...[options, callback]: Parameters<Agent['createConnection']>
  ): ReturnType<Agent['createConnection']> {
    return super.createConnection({ ...options, ...this.#tls.clientOptions() } as typeof options, callback)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref())
}
