import { randomUUID } from 'node:crypto'
import { createPasswordHasher } from '@wardstone/password'
import { ROLES, type RoleId } from './roles.ts'

export interface Account {
  readonly id: string
  readonly username: string
  readonly email: string
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly roleId: RoleId
  readonly passwordHash: string
}

/** What somebody gives to sign up. */
export interface NewAccount extends Pick<Account, 'username' | 'email' | 'firstName' | 'lastName'> {
  readonly password: string
}

/** What people see of their own account. */
export function ownView({ id, username, email, firstName, lastName, roleId }: Account): Omit<Account, 'passwordHash'> {
  return { id, username, email, firstName, lastName, roleId }
}

/** The accounts, in memory: in an application of yours this is the database. */
export class Accounts {
  readonly #byId = new Map<string, Account>()
  /** Usernames and emails, in lower case. They never meet: a username has no `@`. */
  readonly #idByLogin = new Map<string, string>()
  readonly #passwords = createPasswordHasher()

  /** Makes an account, or answers `undefined` when the username or the email is taken. */
  async create(
    { password, ...person }: NewAccount,
    role: RoleId = ROLES.user,
    id: string = randomUUID(),
  ): Promise<Account | undefined> {
    const passwordHash = await this.#passwords.hash(password)
    const logins = [person.username.toLowerCase(), person.email.toLowerCase()]
    // Asked after the hash, and nothing waits from here on: of two who want the same name one gets it.
    if (logins.some((login) => this.#idByLogin.has(login))) return undefined
    const account: Account = { id, ...person, roleId: role, passwordHash }
    this.#byId.set(account.id, account)
    for (const login of logins) this.#idByLogin.set(login, account.id)
    return account
  }

  find(id: string): Account | undefined {
    return this.#byId.get(id)
  }

  /** The account of a username or an email. */
  findByLogin(login: string): Account | undefined {
    return this.find(this.#idByLogin.get(login.toLowerCase()) ?? '')
  }

  /** Whether that is the account's password. Without an account it is `false`, after the same work. */
  async passwordMatches(account: Account | undefined, password: string): Promise<boolean> {
    const matches = await this.#passwords.verify(account?.passwordHash, password)
    if (account !== undefined && matches && this.#passwords.needsRehash(account.passwordHash)) {
      const passwordHash = await this.#passwords.hash(password)
      const now = this.find(account.id)
      // Only if it is still the hash that was verified: the password may have been changed meanwhile.
      if (now?.passwordHash === account.passwordHash) this.#byId.set(now.id, { ...now, passwordHash })
    }
    return matches
  }

  changeRole(id: string, role: RoleId): Account | undefined {
    const account = this.find(id)
    if (account === undefined) return undefined
    const changed = { ...account, roleId: role }
    this.#byId.set(id, changed)
    return changed
  }
}
