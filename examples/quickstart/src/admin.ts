import { ALLOW, clientFacts, deny, jsonReply, principalKey, problem, type Endpoint, type Guard } from '@wardstone/http'
import type { KeySet, TokenService } from '@wardstone/tokens'
import type { Accounts } from './accounts.ts'
import { invalidBody, object, type Check } from './body.ts'
import { roleId, type RoleId, type RoleName } from './roles.ts'
import type { Claims } from './tokens.ts'

/** Lets only people of this role pass. Stands behind `bearer`. */
export function requireRole(role: RoleName): Guard {
  return (ctx) =>
    ctx.state.get(principalKey)?.roles.includes(role) === true ? ALLOW : deny(ctx, { status: 403, code: 'forbidden' })
}

const role: Check<RoleId> = (value) => {
  const id = roleId(value)
  return id === undefined ? { code: value === undefined ? 'required' : 'unknown_role' } : { value: id }
}
const changeRoleBody = object({ role })

/** Changes somebody's role, by name or by number. */
export function changeRole(accounts: Accounts, tokens: TokenService<Claims>): Endpoint {
  return async (ctx, body) => {
    const input = changeRoleBody(body)
    if (!input.ok) return invalidBody(ctx, input.errors)
    const account = accounts.changeRole(ctx.param('id') ?? '', input.value.role)
    if (account === undefined) return problem(ctx, { status: 404, code: 'not_found' })
    // After the change, never before: a refresh in between would still get the old role, and keep it.
    await tokens.refreshClaims(account.id, clientFacts(ctx))
    const { id, username, roleId } = account
    return jsonReply(200, { id, username, roleId })
  }
}

/** Publishes the next signing key. It signs once every verifier has had the time to see it. */
export function rotateKeys(keys: KeySet): Endpoint {
  return async () => {
    const { kid, activateAt } = await keys.rotate()
    return jsonReply(202, { kid, signsFrom: new Date(activateAt).toISOString() })
  }
}
