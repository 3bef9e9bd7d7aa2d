import { SEED_PASSWORD } from '../src/seed.ts'
import { NINA, type World } from './world.ts'

/** A role that changes, and a goodbye. */
export async function roles(world: World): Promise<void> {
  const { report, nina, events } = world
  const ada = world.device('admin')

  await report.step('The admin makes Nina a moderator', async (step) => {
    const me = await nina.get('/me')
    const path = `/accounts/${String(me.body['id'])}`
    step.answered('nina', 'GET /me', me, `roles ${String(me.body['roles'])}`)
    const tried = await nina.send('PATCH', path, { role: 'admin' })
    step.answered('nina', 'PATCH /accounts/… {"role":"admin"}', tried)
    step.check('she may not do that herself', tried.status === 403)
    await ada.post('/auth/login', { username: 'ada', password: SEED_PASSWORD })
    const changed = await ada.send('PATCH', path, { role: 'moderator' })
    step.answered('admin', 'PATCH /accounts/… {"role":"moderator"}', changed, `role ${String(changed.body['roleId'])}`)
    const [event] = events.take('privilege_permissions_changed')
    step.check(`event ${event?.name}, ${event?.severity}`, changed.status === 200 && event?.subject === me.body['id'])
    const stale = await nina.get('/me')
    step.answered('nina', 'GET /me', stale)
    step.check('her old access token is refused at once, not in 15 minutes', stale.status === 401)
    step.answered('nina', 'POST /auth/refresh', await nina.post('/auth/refresh'))
    const fresh = await nina.get('/me')
    step.answered('nina', 'GET /me', fresh, `roles ${String(fresh.body['roles'])}`)
    step.check('one refresh later she is a moderator', String(fresh.body['roles']) === 'moderator')
  })

  await report.step('Nina logs out everywhere', async (step) => {
    const phone = world.device('phone')
    step.answered('phone', 'POST /auth/login', await phone.post('/auth/login', { username: 'nina', password: NINA.password }))
    const list = await nina.get('/auth/sessions')
    const sessions = list.body['sessions'] as readonly { readonly device: string; readonly current: boolean }[]
    step.answered(
      'nina',
      'GET /auth/sessions',
      list,
      sessions.map(({ device, current }) => `${device}${current ? ' (this one)' : ''}`).join(', '),
    )
    step.check('she sees both of her devices', sessions.length === 2)
    const bye = await nina.post('/auth/logout-all')
    step.answered('nina', 'POST /auth/logout-all', bye)
    step.check('her cookie is gone', bye.status === 204 && nina.refreshToken === undefined)
    for (const [who, device] of Object.entries({ nina, phone })) {
      const [me, refresh] = [await device.get('/me'), await device.post('/auth/refresh')]
      step.answered(who, 'GET /me', me)
      step.answered(who, 'POST /auth/refresh', refresh)
      step.check('neither token is accepted any more', me.status === 401 && refresh.status === 401)
    }
  })
}
