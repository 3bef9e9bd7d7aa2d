/**
 * Who a request speaks for, after somebody proved it. Packages that decide (authorization, limits, audit) take this and
 * nothing about tokens or HTTP.
 *
 * @typeParam C - the application's own claims
 */
export interface Principal<C = unknown> {
  /** The account's stable identifier: `sub` of a token. Unique per issuer. */
  readonly id: string
  /** Names of the roles held; empty when none are known. */
  readonly roles: readonly string[]
  /** The tenant the principal acts in. */
  readonly tenant?: string | undefined
  /** The session this request belongs to. */
  readonly sid?: string | undefined
  /** When the person last proved who they are, in milliseconds since the Unix epoch. */
  readonly authTime?: number | undefined
  /** What the application put into the token, frozen. */
  readonly claims: C
}
