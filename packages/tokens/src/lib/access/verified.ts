import { InvalidArgumentError, type Principal } from '@wardstone/core'
import { shardOf } from '../refresh/wire.ts'
import type { AccessRefusal, Refusal } from '../refusals.ts'
import type { Revocable } from '../sessions/revocation.ts'
import type { OwnClaims } from './claims.ts'

/**
 * An access token that was verified, by us: {@link TokenService.confirm} and {@link TokenService.onEnd} take nothing else.
 *
 * @typeParam C - the application's claims
 */
export interface Verified<C> {
  readonly ok: true
  readonly principal: Principal<C>
  readonly sid: string
  /** The generation of the refresh token that it came with. */
  readonly gen: number
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number
}

/** What came of verifying an access token. */
export type Verification<C> = Verified<C> | Refusal<AccessRefusal>

/** Only this module makes one, so that an object which merely looks like it is not taken for it. */
export class VerifiedToken<C> implements Verified<C> {
  readonly ok = true
  readonly principal: Principal<C>
  readonly sid: string
  readonly gen: number
  readonly expiresAt: number
  readonly #revocable: Revocable

  constructor(principal: Principal<C>, gen: number, expiresAt: number, revocable: Revocable) {
    this.principal = Object.freeze(principal)
    this.sid = revocable.sid
    this.gen = gen
    this.expiresAt = expiresAt
    this.#revocable = revocable
    Object.freeze(this)
  }

  /** What revocations are compared with. Throws for anything that {@link TokenService.verify} did not return. */
  static revocable(verified: Verified<unknown>): Revocable {
    if (typeof verified !== 'object' || verified === null || !(#revocable in verified)) {
      throw new InvalidArgumentError('verified', 'expected the result of verify(), not an object that looks like it')
    }
    return verified.#revocable
  }
}

/** What a token says that revocations are about. Which shard that is costs a hash, and most tokens are never asked. */
export class RevocableToken implements Revocable {
  readonly sid: string
  readonly epoch: number
  readonly claimsEpoch: number
  readonly #namespace: string
  readonly #sub: string
  #shard: string | undefined

  constructor({ sid, sub, epo, cep }: OwnClaims, namespace: string) {
    this.sid = sid
    this.epoch = epo
    this.claimsEpoch = cep
    this.#namespace = namespace
    this.#sub = sub
  }

  get shard(): string {
    return (this.#shard ??= shardOf(this.#namespace, this.#sub))
  }
}
