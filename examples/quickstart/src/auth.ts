import { jsonReply, problem, type Endpoint } from '@wardstone/http'
import type { TokenService } from '@wardstone/tokens'
import type { SessionEndpoints } from '@wardstone/tokens/http'
import { ownView, type Accounts } from './accounts.ts'
import { invalidBody, object, optional, text } from './body.ts'
import type { Claims } from './tokens.ts'

const name = text({ min: 1, max: 100 })

const signUpBody = object({
  username: text({ min: 3, max: 32, pattern: /^[\w.-]+$/ }),
  email: text({ min: 3, max: 254, pattern: /^[^\s@]+@[^\s@]+\.[^\s@]+$/ }),
  password: text({ min: 8, max: 128 }),
  firstName: optional(name),
  lastName: optional(name),
})

const logInBody = object({
  username: text({ min: 1, max: 254 }),
  password: text({ min: 1, max: 128 }),
})

export function signUp(accounts: Accounts): Endpoint {
  return async (ctx, body) => {
    const input = signUpBody(body)
    if (!input.ok) return invalidBody(ctx, input.errors)
    const account = await accounts.create(input.value)
    if (account === undefined) return problem(ctx, { status: 409, code: 'account_exists' })
    return jsonReply(201, { account: ownView(account) })
  }
}

/** Signs in with the username or the email. Nothing in the answer, nor its time, tells an unknown name from a wrong password. */
export function logIn(accounts: Accounts, tokens: TokenService<Claims>, sessions: SessionEndpoints): Endpoint {
  return async (ctx, body) => {
    const input = logInBody(body)
    if (!input.ok) return invalidBody(ctx, input.errors)
    const account = accounts.findByLogin(input.value.username)
    // Read before the password is checked: if everybody is logged out meanwhile, this login is too.
    const epoch = await tokens.epoch(account?.id ?? 'nobody')
    const matches = await accounts.passwordMatches(account, input.value.password)
    if (account === undefined || !matches) return problem(ctx, { status: 401, code: 'invalid_credentials' })
    return sessions.begin(ctx, { sub: account.id, epoch }, { account: ownView(account) })
  }
}
