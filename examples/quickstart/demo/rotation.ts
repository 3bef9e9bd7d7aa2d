import { SEED_PASSWORD } from '../src/seed.ts'
import { keepInFlight } from './in-flight.ts'
import { kidOf } from './jwt.ts'
import { listOf, short } from './telling.ts'
import { NINA_LOGIN, wait, type World } from './world.ts'

/** The signing key changes while 200 requests are in flight. */
export async function rotation(world: World): Promise<void> {
  const { report, nina, device } = world

  await report.step('The signing key is rotated while 200 requests are in flight', async (step) => {
    const ada = device('ada')
    await step.ask(ada, 'POST /auth/login', { username: 'ada', password: SEED_PASSWORD })
    await step.ask(nina, 'POST /auth/login', NINA_LOGIN)

    // Half of them show a token of the old key throughout. Of the others some refresh, which signs with the key of the moment.
    const old = nina.copy()
    const load = keepInFlight(200, (worker) => {
      if (worker % 2 === 0) return old.send('GET /me')
      return nina.send(worker % 8 === 1 ? 'POST /auth/refresh' : 'GET /me')
    })
    const { statuses } = load
    await load.more(100)
    const asked = statuses.length
    const rotate = await step.ask(ada, 'POST /admin/keys/rotate')
    const published = statuses.length
    await load.more(100)
    const tooEarly = kidOf(nina)
    const switched = statuses.length
    wait(world, step, 306) // longer than anybody may cache the key set
    await load.more(300)
    await load.stop()

    const total = statuses.length
    const failed = statuses.filter((status) => status !== 200).length
    step.did(
      `answered: ${asked} before, ${published - asked} as the key was made, ${switched - published} while it was published, ${total - switched} once it signed`,
    )
    step.check(`${total} requests, 200 at a time, ${failed} failed`, failed === 0 && total > 500)
    const kid = String(rotate.body['kid'])
    step.check(
      'the new key signed nothing while somebody might not know it, and signs now',
      tooEarly !== kid && kidOf(nina) === kid,
    )
    step.did(`a token of key ${short(kidOf(old))}, then one of key ${short(kidOf(nina))}:`)
    const answers = [await step.ask(old, 'GET /me'), await step.ask(nina, 'GET /me')]
    step.check(
      'both are accepted',
      answers.every(({ status }) => status === 200),
    )
    const jwks = await step.ask(nina, 'GET /.well-known/jwks.json')
    const kids = listOf(jwks.body, 'keys', 'kid')
    step.check('the key set shows both keys', kids.length === 2 && kids.includes(kid) && kids.includes(kidOf(old)))
  })
}
