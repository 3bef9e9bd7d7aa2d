import { isProduction, type Duration, type EventSink, type Now } from '@wardstone/core'
import { baseline, endpoint, guard, problems } from '@wardstone/express'
import { jsonReply, principalOf, problem, type Endpoint } from '@wardstone/http'
import { createLifecycle, type Lifecycle } from '@wardstone/http/lifecycle'
import type { TokenService } from '@wardstone/tokens'
import { bearer, createSessionEndpoints } from '@wardstone/tokens/http'
import express, { type Express } from 'express'
import { Accounts, ownView } from './accounts.ts'
import { changeRole, requireRole, rotateKeys } from './admin.ts'
import { logIn, signUp } from './auth.ts'
import { openStore, type OpenStore } from './stores.ts'
import { eventStream } from './stream.ts'
import { createTokens, type AppEvent, type Claims, type TokensOptions } from './tokens.ts'

export interface AppOptions extends Pick<TokensOptions, 'secrets' | 'signingKey'> {
  /** The clock, in milliseconds since the Unix epoch. The demo and the tests move their own. */
  readonly now?: Now | undefined
  /** Within this time, refreshes that cross each other are taken for one client. Default 30 seconds. */
  readonly grace?: Duration | undefined
  /** Where sessions are kept. Default: in memory. */
  readonly sessions?: OpenStore | undefined
  /** Gets whatever a security team wants to know. */
  readonly events?: EventSink<AppEvent> | undefined
}

/** What {@link createApp} makes. */
export interface App {
  readonly app: Express
  readonly accounts: Accounts
  readonly tokens: TokenService<Claims>
  readonly lifecycle: Lifecycle
}

/** The whole application. It listens nowhere yet. */
export function createApp(options: AppOptions = {}): App {
  const { now, events, sessions: opened = openStore('memory') } = options
  const accounts = new Accounts()
  const { tokens, keys } = createTokens({ ...options, accounts, store: opened.store })
  const lifecycle = createLifecycle({ now, events, checks: checksOf(opened, tokens) })
  lifecycle.onClose('sessions', () => opened.close())
  const sessions = createSessionEndpoints({ tokens, cookie: { secure: isProduction() } })
  const signedIn = guard(bearer(tokens))
  const admin = guard(bearer(tokens), requireRole('admin'))

  const app = express()
  // The demo and other command-line clients keep cookies and say nothing of where a request came from. Without them, leave
  // this out: then a cookie alone changes nothing.
  app.use(baseline({ csrf: { unsignalled: 'allow' } }))

  app.post('/auth/signup', endpoint(signUp(accounts)))
  app.post('/auth/login', endpoint(logIn(accounts, tokens, sessions)))
  app.post('/auth/refresh', endpoint(sessions.refresh))
  app.post('/auth/logout', guard(bearer(tokens, { optional: true })), endpoint(sessions.logout))
  app.post('/auth/logout-all', signedIn, endpoint(sessions.logoutAll))
  app.post('/auth/confirm', signedIn, endpoint(sessions.confirm))
  app.get('/auth/sessions', signedIn, endpoint(sessions.list))
  app.delete('/auth/sessions/:id', signedIn, endpoint(sessions.end))
  app.get('/.well-known/jwks.json', endpoint(sessions.jwks))
  app.get('/.well-known/revocations', endpoint(sessions.revocations))

  app.get('/me', signedIn, endpoint(me(accounts)))
  app.patch('/accounts/:id', admin, endpoint(changeRole(accounts, tokens)))
  app.get('/events', signedIn, eventStream(tokens, lifecycle.draining))
  // A key that was given belongs to other processes too: one alone must not sign with the next.
  if (options.signingKey === undefined) app.post('/admin/keys/rotate', admin, endpoint(rotateKeys(keys)))
  app.get('/healthz', endpoint(lifecycle.live))
  app.get('/readyz', endpoint(lifecycle.ready))

  app.use(problems())
  return { app, accounts, tokens, lifecycle }
}

/** What has to be so for requests to be sent here. In memory, everything always is. */
function checksOf({ check }: OpenStore, tokens: TokenService<Claims>): Record<string, () => Promise<void>> {
  if (check === undefined) return {}
  return {
    sessions: check,
    // Who has not heard of logouts for so long asks Redis at every request, and refuses tokens when that is down, too.
    revocations: async () => {
      if (tokens.stats().staleness > 30_000) throw new Error('revocations have not been read for 30 s')
    },
  }
}

/** The own account, and the roles that the access token speaks for. */
function me(accounts: Accounts): Endpoint {
  return (ctx) => {
    const principal = principalOf<Claims>(ctx)
    const account = accounts.find(principal.id)
    if (account === undefined) return problem(ctx, { status: 404, code: 'not_found' })
    return jsonReply(200, { ...ownView(account), roles: principal.roles })
  }
}
