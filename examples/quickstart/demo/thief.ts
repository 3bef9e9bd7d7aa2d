import { short } from './report.ts'
import { wait, type World } from './world.ts'

/** A stolen refresh token, presented after its owner has moved on. */
export async function thief(world: World): Promise<void> {
  const { report, nina, events } = world

  await report.step('A thief copies the cookie, and uses it after Nina has moved on', async (step) => {
    const thief = nina.copy('thief')
    step.did(`the thief has ${short(thief.refreshToken)}`)
    wait(world, step, 31)
    const moved = await nina.post('/auth/refresh')
    step.answered('nina', 'POST /auth/refresh', moved, `cookie is now ${short(nina.refreshToken)}`)
    step.answered('nina', 'GET /me', await nina.get('/me'), 'now the server knows that the new tokens arrived')
    wait(world, step, 31)
    const stolen = await thief.post('/auth/refresh')
    step.answered('thief', 'POST /auth/refresh', stolen)
    step.check('the thief gets nothing', stolen.status === 401 && thief.refreshToken !== nina.refreshToken)
    const [event] = events.take('authn_token_reuse')
    step.check(
      `event ${event?.name}, ${event?.severity}: ${event?.data.reason}, generation ${event?.data.presented} was used again at ${event?.data.generation}, by "${event?.client?.userAgent}"`,
      event?.severity === 'critical' && event.data.reason === 'reuse_detected',
    )
    const me = await nina.get('/me')
    step.answered('nina', 'GET /me', me)
    const refresh = await nina.post('/auth/refresh')
    step.answered('nina', 'POST /auth/refresh', refresh)
    step.check('the session is dead for both, its access token at once', me.status === 401 && refresh.status === 401)
  })
}
