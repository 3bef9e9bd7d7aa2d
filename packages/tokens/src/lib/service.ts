import { InvalidArgumentError, WardstoneError, type ClientFacts, type Now } from '@wardstone/core'
import { RecentCache } from './access/cache.ts'
import { mintAccessToken, type Minted } from './access/mint.ts'
import { VerifiedToken, type Verification, type Verified } from './access/verified.ts'
import { AccessVerifier } from './access/verifier.ts'
import { RefreshKeyUnknownError } from './errors.ts'
import type { Jwks } from './keys/jwks.ts'
import type { EndReason } from './refresh/family.ts'
import { Refresher } from './refresh/refresher.ts'
import { hashOf, namespaceOf, shardOf } from './refresh/wire.ts'
import { refusal, type IssueRefusal, type Refusal } from './refusals.ts'
import { reporter, type Report } from './report.ts'
import { readServiceOptions, type ServiceSettings, type TokenServiceOptions } from './service-options.ts'
import type { RevocationBatch } from './sessions/followed-feed.ts'
import { RevocationView } from './sessions/revocation.ts'
import { RevocationLog } from './sessions/revocation-log.ts'
import type {
  Issued,
  IssueInput,
  Refreshed,
  RefreshRefused,
  SessionInfo,
  TokenService,
  TokenServiceStats,
  VerifyOptions,
} from './token-service.ts'

/**
 * Makes a token service.
 *
 * @throws {@link ConfigurationError} `invalid_options`, all problems at once. In production `keys`, `secrets` and `store` are required.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068 | RFC 9068} for access tokens
 * @see {@link https://www.rfc-editor.org/rfc/rfc9700#section-4.14 | RFC 9700 section 4.14} for refresh tokens
 *
 * @example
 * ```ts
 * import { generateSecret, secretRing } from '@wardstone/core'
 * import { createKeySet, createTokenService, memoryStore } from '@wardstone/tokens'
 *
 * const tokens = createTokenService({
 *   issuer: 'https://api.example',
 *   audience: 'https://api.example',
 *   keys: createKeySet({ algorithm: 'ES256' }),
 *   secrets: secretRing({ current: generateSecret() }),
 *   store: memoryStore(),
 *   claims: async ({ sub }) => ({ username: `user ${sub}`, roles: ['user'] }),
 * })
 * const session = await tokens.issue({ sub: '42' })
 * if (session.ok) console.log(tokens.verify(session.accessToken))
 * ```
 */
export function createTokenService<C extends object>(options: TokenServiceOptions<C>): TokenService<C> {
  return new Service(readServiceOptions(options))
}

class Service<C extends object> implements TokenService<C> {
  readonly now: Now
  readonly #settings: ServiceSettings<C>
  readonly #namespace: string
  readonly #view: RevocationView
  readonly #log: RevocationLog
  readonly #verifier: AccessVerifier<C>
  readonly #refresher: Refresher<C>
  readonly #report: Report
  /** The last generation of each session that was told to the store, so that each is told once. */
  readonly #confirmed = new RecentCache<number>(10_000)
  readonly #refreshed = new Map<string, number>()
  #issued = 0

  constructor(settings: ServiceSettings<C>) {
    const { store, policy, maxSessions, accessTtlMs, skewMs, now, events, revocation } = settings
    const revocationMs = accessTtlMs + 2 * skewMs
    this.now = now
    this.#settings = settings
    this.#namespace = namespaceOf(settings.issuer)
    this.#report = reporter(events, now)
    const undurable = (verb: string): void => {
      this.#report({ name: 'session_not_durable', severity: 'warn', data: { verb } })
    }
    store.configure({ namespace: this.#namespace, now, policy, maxSessions, revocationMs, undurable })
    const view = new RevocationView(revocation === 'none' ? undefined : store.revocations, revocationMs, now)
    this.#view = view
    this.#log = new RevocationLog(store.revocations, now)
    this.#verifier = new AccessVerifier({ ...settings, view, maxLifetimeMs: accessTtlMs + skewMs })
    this.#refresher = new Refresher(settings, view, this.#report)
  }

  async issue(input: IssueInput, client: ClientFacts = {}): Promise<Issued | Refusal<IssueRefusal>> {
    const { sub, authTime, epoch: expectedEpoch } = input
    requireTime('authTime', authTime, LATEST)
    requireTime('epoch', expectedEpoch)
    const { store } = this.#settings
    const shard = this.#shard(sub)
    const { refreshToken, ...fresh } = this.#refresher.begin(shard)
    const { sid } = fresh
    const created = await store.create({ ...fresh, shard, sub, authTime, expectedEpoch, client })
    if (!created.ok) return refusal(created.reason)
    const { family, epochs, evicted, sessions, durable } = created
    if (evicted.length > 0) this.#revoked('session', 'evicted', client, sub, evicted)
    const minted = await this.#mintOrEnd(() => mintAccessToken(this.#settings, family, epochs), shard, sid)
    if (minted === null) return refusal('subject_gone')
    // Everybody was logged out while the claims were being loaded: this sign-in too.
    if (this.#view.isOver(family, epochs)) return refusal('epoch_moved')
    this.#issued++
    this.#report({ name: 'session_created', severity: 'info', subject: sub, sid, client, data: { sessions } })
    return { ok: true, ...minted, refreshToken, refreshExpiresAt: family.idleEnd, sid, durable: durable ?? true }
  }

  async refresh(refreshToken: string, client: ClientFacts = {}): Promise<Refreshed | RefreshRefused> {
    const result = await this.#refresher.refresh(refreshToken, client)
    const outcome = result.ok ? result.kind : result.code
    this.#refreshed.set(outcome, (this.#refreshed.get(outcome) ?? 0) + 1)
    return result
  }

  verify(accessToken: string, options?: VerifyOptions): Verification<C> | Promise<Verification<C>> {
    const result = this.#verifier.check(accessToken)
    if (!result.ok) return result
    return this.#mustAsk() ? this.#verifyStrictly(result, options) : this.#seen(result, options)
  }

  verifyNow(accessToken: string, options?: VerifyOptions): Verification<C> {
    const result = this.#verifier.check(accessToken)
    if (!result.ok) return result
    const known = !this.#mustAsk() || (this.#settings.revocation === 'feed' && this.#settings.onStale === 'accept')
    return known ? this.#seen(result, options) : this.#verifier.refuse('revocation_unknown', true)
  }

  #mustAsk(): boolean {
    const { revocation } = this.#settings
    return revocation === 'strict' || (revocation === 'feed' && this.#verifier.isStale())
  }

  async #verifyStrictly(verified: Verified<C>, options: VerifyOptions | undefined): Promise<Verification<C>> {
    const { store, onStale } = this.#settings
    try {
      const revoked = await store.judge(VerifiedToken.revocable(verified))
      if (revoked !== undefined) return this.#verifier.refuse(revoked)
    } catch (error) {
      if (!(error instanceof WardstoneError && error.retryable)) throw error
      if (onStale === 'refuse') return this.#verifier.refuse('revocation_unknown', true)
    }
    return this.#seen(verified, options)
  }

  #seen(verified: Verified<C>, options: VerifyOptions | undefined): Verified<C> {
    if (options?.confirm !== false && (this.#confirmed.get(verified.sid) ?? -1) < verified.gen) {
      // Nobody waits for it: what the store did not acknowledge is told again with the next request.
      this.confirm(verified).catch(() => {})
    }
    return verified
  }

  async confirm(verified: Verified<C>): Promise<void> {
    const { sid, shard } = VerifiedToken.revocable(verified)
    this.#confirmed.set(sid, verified.gen)
    try {
      await this.#settings.store.confirm(shard, sid, verified.gen)
    } catch (error) {
      this.#confirmed.delete(sid)
      throw error
    }
  }

  async revoke(
    target: { readonly sub: string; readonly sid: string } | { readonly refreshToken: string },
    client: ClientFacts = {},
  ): Promise<boolean> {
    const { store } = this.#settings
    if (!hasToken(target)) {
      const ended = await store.end(this.#shard(target.sub), target.sid, 'revoked')
      if (ended !== undefined) this.#revoked('session', 'revoked', client, ended.sub, [target.sid])
      return ended !== undefined
    }
    const presented = this.#refresher.decode(target.refreshToken)
    if (presented === 'malformed') return false
    // It may be a good one, signed with a secret that has not reached this process: that the session lives on must be said.
    if (presented === 'refresh_key_unknown') throw new RefreshKeyUnknownError()
    const ended = await store.end(presented.shard, presented.sid, 'signed_out', hashOf(presented.s))
    if (ended !== undefined) this.#revoked('session', 'signed_out', client, ended.sub, [presented.sid])
    return ended !== undefined
  }

  async revokeOthers(keep: { readonly sub: string; readonly sid: string }, client: ClientFacts = {}): Promise<number> {
    const sids = await this.#settings.store.endOthers(this.#shard(keep.sub), keep.sid)
    if (sids.length > 0) this.#revoked('others', 'revoked', client, keep.sub, sids)
    return sids.length
  }

  async revokeAll(sub: string, client: ClientFacts = {}): Promise<void> {
    await this.#settings.store.endAll(this.#shard(sub))
    this.#revoked('subject', 'subject_revoked', client, sub)
  }

  async revokeEveryone(client: ClientFacts = {}): Promise<void> {
    await this.#settings.store.endEveryone()
    this.#revoked('everyone', 'subject_revoked', client)
  }

  async refreshClaims(sub: string, client: ClientFacts = {}): Promise<void> {
    await this.#settings.store.touchClaims(this.#shard(sub))
    this.#report({ name: 'privilege_permissions_changed', severity: 'warn', subject: sub, client, data: {} })
  }

  async epoch(sub: string): Promise<number> {
    return (await this.#settings.store.epochs(this.#shard(sub))).epoch
  }

  async list(sub: string): Promise<readonly SessionInfo[]> {
    const families = await this.#settings.store.list(this.#shard(sub))
    return families.map(({ sid, createdAt, rotatedAt, idleEnd, client }) => {
      return { sid, createdAt, lastUsedAt: rotatedAt, expiresAt: idleEnd, ip: client.ip, userAgent: client.userAgent }
    })
  }

  onEnd(verified: Verified<C>, listener: () => void): () => void {
    return this.#verifier.onEnd(verified, listener)
  }

  revocations(cursor: string | undefined): RevocationBatch {
    return this.#log.read(cursor)
  }

  jwks(): Jwks {
    return this.#settings.keys.jwks()
  }

  stats(): TokenServiceStats {
    const { verified, refused, staleness } = this.#verifier.stats()
    const keys = Object.entries(verified).map(([kid, count]) => {
      return [kid, { stage: this.#settings.keys.stageOf(kid), verified: count }] as const
    })
    const refreshed = Object.fromEntries(this.#refreshed)
    return { keys: Object.fromEntries(keys), refused, staleness, refreshed, issued: this.#issued }
  }

  #shard(sub: string): string {
    // Half a surrogate pair has no bytes of its own: two such names would be one subject.
    if (typeof sub !== 'string' || sub === '' || sub.length > 255 || !sub.isWellFormed())
      throw new InvalidArgumentError('sub', 'expected a text of 1 to 255 characters')
    return shardOf(this.#namespace, sub)
  }

  /** A session whose first access token could not be made must not stay behind. */
  async #mintOrEnd(mint: () => Promise<Minted | null>, shard: string, sid: string): Promise<Minted | null> {
    let minted: Minted | null = null
    try {
      minted = await mint()
    } finally {
      if (minted === null) await this.#settings.store.end(shard, sid, 'subject_gone')
    }
    return minted
  }

  #revoked(
    scope: 'session' | 'others' | 'subject' | 'everyone',
    reason: EndReason,
    client: ClientFacts,
    subject?: string,
    sids?: readonly string[],
  ): void {
    const sid = scope === 'session' && sids?.length === 1 ? sids[0] : undefined
    this.#report({
      name: 'authn_token_revoked',
      severity: scope === 'everyone' ? 'critical' : 'info',
      subject,
      sid,
      client,
      data: { scope, reason, sids },
    })
  }
}

/** What issue() and refresh() answer has both a token and the session's id: the token counts. */
function hasToken<T extends object>(target: T): target is Extract<T, { readonly refreshToken: string }> {
  return ('refreshToken' in target && target.refreshToken !== undefined) || !('sid' in target)
}

/** Some nine thousand years from now, in milliseconds. Microseconds of today are above it: stores keep times in six bytes. */
const LATEST = 2 ** 48 - 1

function requireTime(name: string, value: number | undefined, most = Number.MAX_SAFE_INTEGER): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0 && value <= most)) {
    throw new InvalidArgumentError(name, 'expected a whole number that is not negative, in the unit that is stated')
  }
}
