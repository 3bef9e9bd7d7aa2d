import { randomBytes } from 'node:crypto'
import type { ClientFacts, SecretRing } from '@wardstone/core'
import { mintAccessToken, type Minted } from '../access/mint.ts'
import { ClaimsUnavailableError } from '../errors.ts'
import { refusal } from '../refusals.ts'
import type { Report } from '../report.ts'
import type { ServiceSettings } from '../service-options.ts'
import type { RevocationView } from '../sessions/revocation.ts'
import type { Rotated } from '../sessions/store.ts'
import type { Refreshed, RefreshRefused } from '../token-service.ts'
import type { Family } from './family.ts'
import { decodeRefresh, encodeRefresh, hashOf, refreshRing, type SignedRefresh } from './wire.ts'

type Stepped = Extract<Rotated, { readonly ok: true }>
type NotStepped = Extract<Rotated, { readonly ok: false }>

/** Exchanges refresh tokens: signature, the store's one step, claims, new tokens. */
export class Refresher<C> {
  readonly #settings: ServiceSettings<C>
  readonly #ring: SecretRing
  readonly #view: RevocationView
  readonly #report: Report

  constructor(settings: ServiceSettings<C>, view: RevocationView, report: Report) {
    this.#settings = settings
    this.#ring = refreshRing(settings.ring, settings.issuer)
    this.#view = view
    this.#report = report
  }

  /** What a new family begins with. Its secret `s` is in the token and nowhere else. */
  begin(shard: string): { sid: string; secretHash: Buffer; kid: string; refreshToken: string } {
    const secret = this.#ring.current()
    const s = randomBytes(16)
    const sid = randomBytes(16).toString('base64url')
    const refreshToken = encodeRefresh({ shard, sid, generation: 0, s }, secret)
    return { sid, secretHash: hashOf(s), kid: secret.kid, refreshToken }
  }

  /** Reads a refresh token without asking the store. */
  decode(refreshToken: string): ReturnType<typeof decodeRefresh> {
    return decodeRefresh(refreshToken, this.#ring)
  }

  async refresh(refreshToken: string, client: ClientFacts): Promise<Refreshed | RefreshRefused> {
    const presented = this.decode(refreshToken)
    if (presented === 'malformed') return refusal(presented)
    // Another process may sign with a secret that has not reached this one: not the client's fault.
    if (presented === 'refresh_key_unknown') return refusal(presented, true)
    const { sid, shard, generation, s } = presented
    const knownDead = this.#view.isEnded(sid)
    const rotation = { sid, shard, generation, secretHash: hashOf(s), kid: this.#ring.current().kid, client, knownDead }
    const done = await this.#settings.store.rotate(rotation)
    return done.ok ? this.#renew(done, s, client) : this.#refuse(done, presented, client)
  }

  async #renew(done: Stepped, s: Buffer, client: ClientFacts): Promise<Refreshed | RefreshRefused> {
    const { kind, family, epochs } = done
    // Another process signed the current token with a secret that has not reached this one.
    const secret = this.#ring.find(family.kid)
    if (secret === undefined) return refusal('refresh_key_unknown', true)
    const { shard, sid, generation } = family
    const refreshToken = encodeRefresh({ shard, sid, generation, s }, secret) // the same for everybody who asks
    const pair = { refreshToken, refreshExpiresAt: family.idleEnd, sid }
    let minted: Minted | null
    try {
      minted = await mintAccessToken(this.#settings, family, epochs)
    } catch (error) {
      const cause = error instanceof ClaimsUnavailableError ? error.cause : error
      this.#report({ name: 'claims_unavailable', severity: 'warn', ...about(family, client), data: { error: nameOf(cause) } })
      if (this.#view.isOver(family, epochs)) return refusal('revoked')
      // The step is done and cannot be taken back: without its new token the client would come back with the old one.
      return { ...refusal('claims_unavailable', true), kind, cause, ...pair }
    }
    if (minted === null) return this.#endGone(family, client)
    // Claims take their time. Whoever signed out meanwhile, or in as somebody else, must not get this cookie over the new one.
    if (this.#view.isOver(family, epochs)) return refusal('revoked')
    this.#reportRenewal(done, client)
    return { ok: true, kind, ...minted, ...pair }
  }

  async #endGone(family: Family, client: ClientFacts): Promise<RefreshRefused> {
    if ((await this.#settings.store.end(family.shard, family.sid, 'subject_gone')) !== undefined) {
      const data = { scope: 'session', reason: 'subject_gone', sids: [family.sid] } as const
      this.#report({ name: 'authn_token_revoked', severity: 'warn', ...about(family, client), data })
    }
    return refusal('subject_gone')
  }

  #reportRenewal({ kind, family, before }: Stepped, client: ClientFacts): void {
    const { generation } = family
    this.#report({ name: 'session_renewed', severity: 'info', ...about(family, client), data: { kind, generation } })
    if (kind !== 'replayed' || !isElsewhere(client, before)) return
    const data = { generation, from: { ip: before.ip, userAgent: before.userAgent } }
    this.#report({ name: 'session_replayed_elsewhere', severity: 'warn', ...about(family, client), data })
  }

  #refuse(done: NotStepped, presented: SignedRefresh, client: ClientFacts): RefreshRefused {
    if (done.reason === 'unknown_session') return refusal(done.reason)
    const { reason, family, endedNow } = done
    if (reason === 'forged') {
      const data = { kid: presented.kid }
      this.#report({ name: 'authn_token_forged', severity: 'critical', ...about(family, client), data })
    } else if (endedNow && (reason === 'reuse_detected' || reason === 'retry_budget_spent' || reason === 'generation_ahead')) {
      const data = { reason, generation: family.generation, presented: presented.generation }
      this.#report({ name: 'authn_token_reuse', severity: 'critical', ...about(family, client), data })
    } else {
      this.#report({ name: 'session_use_after_expire', severity: 'info', ...about(family, client), data: { reason } })
    }
    return refusal(reason)
  }
}

function about(family: Family, client: ClientFacts): { subject: string; sid: string; client: ClientFacts } {
  return { subject: family.sub, sid: family.sid, client }
}

function isElsewhere(now: ClientFacts, before: ClientFacts): boolean {
  const differs = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && a !== b
  return differs(now.ip, before.ip) || differs(now.userAgent, before.userAgent)
}

/** What kind of error it was, without its message: that may quote anything. */
function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : typeof cause
}
