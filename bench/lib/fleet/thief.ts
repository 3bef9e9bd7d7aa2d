import { setTimeout as pause } from 'node:timers/promises'
import { random } from '../random.ts'
import type { Session } from './session.ts'
import { HABITS, TIMES } from './times.ts'
import type { World } from './world.ts'

/** Copies a refresh token, waits, and uses it from then on in his own time, access tokens included. */
export async function rob(world: World, session: Session, seed: number): Promise<void> {
  const chance = random(seed * 2 ** 32)
  await pause(chance.between(500, 3000))
  // Too late to be found, or to be a theft.
  if (session.isOver || Date.now() > world.endsAt - 6 * TIMES.grace) return
  session.stolenAt = Date.now()
  session.apart = chance.chance(HABITS.apart)
  let { cookie } = session
  await pause(chance.next() ** 2 * 4000)
  for (let failures = 0; Date.now() < (session.apart ? world.drainsAt : world.endsAt);) {
    const call = world.callName()
    while (session.apart && session.owner.isNear) await pause(50)
    const presented = cookie
    const answer = await session.thief.ask(() =>
      world.calls.to(world.anyProcess(chance), '/refresh', { call, cookie: presented }),
    )
    if (answer.status === 401) {
      session.thiefRefusedAt = answer.sentAt
      world.watch('theft', call, session, answer)
      return
    }
    if (answer.status !== 200) {
      await world.afterFailure(++failures, chance)
      continue
    }
    failures = 0
    if (answer.cookie !== undefined && answer.access !== undefined) {
      session.note(answer.access.generation, answer.cookie)
      cookie = answer.cookie
    }
    await pause(20)
    if (answer.access !== undefined) await world.calls.to(world.anyProcess(chance), '/me', { access: answer.access.token })
    await pause(chance.between(1500, 3000))
  }
}
