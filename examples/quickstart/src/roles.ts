/** The roles and their numbers. */
export const ROLES = { user: 1, admin: 2, moderator: 3 } as const

export type RoleName = keyof typeof ROLES
export type RoleId = (typeof ROLES)[RoleName]

export function roleName(id: RoleId): RoleName {
  return (Object.keys(ROLES) as RoleName[]).find((name) => ROLES[name] === id) ?? 'user'
}

/** A role by its name or its number; `undefined` for anything else. */
export function roleId(role: unknown): RoleId | undefined {
  return Object.entries(ROLES).find(([name, id]) => role === name || role === id)?.[1]
}
