import type { KeyObject } from 'node:crypto'
import { generateSecret, secretRing, type Duration, type EventSink, type Now, type SecretRing } from '@wardstone/core'
import type { LifecycleEvent } from '@wardstone/http/lifecycle'
import {
  createKeySet,
  createTokenService,
  type KeyEvent,
  type KeySet,
  type SessionStore,
  type TokenEvent,
} from '@wardstone/tokens'
import type { TokenService } from '@wardstone/tokens'
import type { Accounts } from './accounts.ts'
import { roleName, type RoleId, type RoleName } from './roles.ts'

/** What this application puts into its access tokens. */
export interface Claims {
  readonly accountId: string
  readonly username: string
  readonly roleId: RoleId
  /** Where guards look. */
  readonly roles: readonly RoleName[]
}

export type AppEvent = TokenEvent | KeyEvent | LifecycleEvent

export interface TokensOptions {
  readonly accounts: Accounts
  readonly store: SessionStore
  /** Default: made in memory. Several processes need the same. */
  readonly secrets?: SecretRing | undefined
  /** Default: made in memory, and replaced every 90 days. */
  readonly signingKey?: KeyObject | undefined
  readonly now?: Now | undefined
  readonly grace?: Duration | undefined
  readonly events?: EventSink<AppEvent> | undefined
}

/** The token service and its signing keys. */
export function createTokens(options: TokensOptions): { tokens: TokenService<Claims>; keys: KeySet } {
  const { accounts, store, secrets, signingKey, now, grace, events } = options
  const keys = createKeySet({ now, events, ...(signingKey && { initial: signingKey }) })
  const tokens = createTokenService<Claims>({
    issuer: 'https://quickstart.example',
    audience: 'https://quickstart.example',
    keys,
    secrets: secrets ?? secretRing({ current: generateSecret() }),
    store,
    // Asked at sign-in and at every refresh, so a changed role is in the next token.
    claims: ({ sub }) => {
      const account = accounts.find(sub)
      if (account === undefined) return null // the account is gone: its session ends
      const { id, username, roleId } = account
      return { accountId: id, username, roleId, roles: [roleName(roleId)] }
    },
    refresh: { grace },
    now,
    events,
  })
  return { tokens, keys }
}
