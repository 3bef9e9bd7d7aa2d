import { short } from './telling.ts'
import { wait, type World } from './world.ts'

/** Refreshes: one, ten at once, and one whose answer never arrives. */
export async function refreshing(world: World): Promise<void> {
  const { report, nina, events } = world

  await report.step('Nina refreshes', async (step) => {
    const before = nina.refreshToken
    const soon = await step.ask(nina, 'POST /auth/refresh')
    step.check('right after the login only the access token is new', soon.status === 200 && nina.refreshToken === before)
    wait(world, step, 31)
    const later = await step.ask(nina, 'POST /auth/refresh')
    step.check('after the grace of 30 s both are', later.status === 200 && nina.refreshToken !== before)
  })

  await report.step('Ten tabs wake up and refresh at once, with the same cookie', async (step) => {
    wait(world, step, 31)
    events.take('session_renewed')
    const before = nina.refreshToken
    const tabs = [nina, ...Array.from({ length: 9 }, () => nina.copy())]
    const answers = await Promise.all(tabs.map((tab) => tab.send('POST /auth/refresh')))
    const kinds = events.take('session_renewed').map((event) => event.data.kind)
    step.did(`10 × POST /auth/refresh → ${answers.map((answer) => answer.status).join(' ')}`)
    step.did(`events session_renewed: ${kinds.join(' ')}`)
    const successors = new Set(tabs.map((tab) => tab.refreshToken))
    step.check(
      `all ten hold the same successor, ${short(nina.refreshToken)}`,
      answers.every(({ status }) => status === 200) && successors.size === 1 && nina.refreshToken !== before,
    )
  })

  await report.step('An answer is lost on the way, and Nina tries again', async (step) => {
    wait(world, step, 31)
    events.take('session_renewed')
    const cut = new AbortController()
    events.next('session_renewed', () => cut.abort())
    const arrived = await nina.send('POST /auth/refresh', undefined, cut.signal).catch(() => undefined)
    const [lost] = events.take('session_renewed')
    step.did(
      `${nina.name.padEnd(12)} POST /auth/refresh       → nothing: the connection broke after the server had ${lost?.data.kind}`,
    )
    wait(world, step, 300)
    const retry = await step.ask(nina, 'POST /auth/refresh')
    const [again] = events.take('session_renewed')
    step.did(
      `generation ${lost?.data.generation} was ${lost?.data.kind}, then generation ${again?.data.generation} was ${again?.data.kind}`,
    )
    step.check(
      'she gets what was lost, not a logout',
      arrived === undefined &&
        retry.status === 200 &&
        again?.data.kind === 'replayed' &&
        again.data.generation === lost?.data.generation,
    )
    const me = await step.ask(nina, 'GET /me')
    step.check('and goes on', me.status === 200)
  })
}
