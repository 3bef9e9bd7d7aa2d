import type { Accounts } from './accounts.ts'
import { ROLES } from './roles.ts'

export const SEED_PASSWORD = 'Correct-Horse-9!'

/** Makes the accounts `ana` and `ben` (users), `mia` (moderator) and `ada` (admin). */
export async function seed(accounts: Accounts): Promise<void> {
  const people = { ana: ROLES.user, ben: ROLES.user, mia: ROLES.moderator, ada: ROLES.admin }
  await Promise.all(
    Object.entries(people).map(([username, role], i) => {
      const id = `00000000-0000-4000-8000-00000000000${i + 1}` // the same in every process
      return accounts.create({ username, email: `${username}@example.com`, password: SEED_PASSWORD }, role, id)
    }),
  )
}
