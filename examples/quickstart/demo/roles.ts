import { SEED_PASSWORD } from '../src/seed.ts'
import { NINA_LOGIN, type World } from './world.ts'

/** A role that changes, and a goodbye. */
export async function roles({ report, nina, device, events }: World): Promise<void> {
  await report.step('The admin makes Nina a moderator', async (step) => {
    const ada = device('ada')
    await step.ask(ada, 'POST /auth/login', { username: 'ada', password: SEED_PASSWORD })
    const me = await step.ask(nina, 'GET /me')
    const patch = `PATCH /accounts/${String(me.body['id'])}`
    const tried = await step.ask(nina, patch, { role: 'admin' })
    step.check('she cannot do it herself', tried.status === 403)
    const changed = await step.ask(ada, patch, { role: 'moderator' })
    const [event] = events.take('privilege_permissions_changed')
    step.did(`event ${event?.name}, ${event?.severity}`)
    const stale = await step.ask(nina, 'GET /me')
    step.check('her access token with the old role is refused at once', changed.status === 200 && stale.status === 401)
    await step.ask(nina, 'POST /auth/refresh')
    const fresh = await step.ask(nina, 'GET /me')
    step.check('a refresh later she is a moderator', fresh.status === 200 && String(fresh.body['roles']) === 'moderator')
  })

  await report.step('Nina logs out everywhere', async (step) => {
    const phone = device('nina-phone')
    await step.ask(phone, 'POST /auth/login', NINA_LOGIN)
    const { body } = await step.ask(nina, 'GET /auth/sessions')
    step.check('she sees both of her devices', (body['sessions'] as readonly unknown[]).length === 2)
    const bye = await step.ask(nina, 'POST /auth/logout-all')
    step.check('her cookie is removed', bye.status === 204 && nina.refreshToken === undefined)
    for (const client of [nina, phone]) {
      const me = await step.ask(client, 'GET /me')
      const refresh = await step.ask(client, 'POST /auth/refresh')
      step.check('no token of it is accepted any more', me.status === 401 && refresh.status === 401)
    }
  })
}
