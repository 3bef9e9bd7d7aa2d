import { short } from './telling.ts'
import { wait, type World } from './world.ts'

/** A stolen refresh token, presented after its owner has moved on. */
export async function thief(world: World): Promise<void> {
  const { report, nina, events } = world

  await report.step('A thief copies the cookie, and uses it after Nina has moved on', async (step) => {
    const thief = nina.copy('thief')
    step.did(`the thief has ${short(thief.refreshToken)}`)
    wait(world, step, 31)
    await step.ask(nina, 'POST /auth/refresh')
    await step.ask(nina, 'GET /me') // with it the server knows that the new tokens have arrived
    wait(world, step, 31)
    const stolen = await step.ask(thief, 'POST /auth/refresh')
    step.check('the thief gets nothing', stolen.status === 401)
    const [event] = events.take('authn_token_reuse')
    const { reason, generation, presented } = event?.data ?? {}
    step.did(
      `event ${event?.name}, ${event?.severity}: ${reason}, generation ${presented} presented at ${generation} by "${event?.client?.userAgent}"`,
    )
    step.check('a critical event says so', event?.severity === 'critical' && reason === 'reuse_detected')
    const me = await step.ask(nina, 'GET /me')
    const refresh = await step.ask(nina, 'POST /auth/refresh')
    step.check('the session is dead, and its access token with it', me.status === 401 && refresh.status === 401)
  })
}
