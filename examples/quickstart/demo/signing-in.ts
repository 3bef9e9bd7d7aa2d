import { short } from './report.ts'
import { NINA, wait, type World } from './world.ts'

/** Sign-up, login, and what a wrong password tells. */
export async function signingIn(world: World): Promise<void> {
  const { report, nina } = world

  await report.step('Nina signs up', async (step) => {
    const signUp = await nina.post('/auth/signup', NINA)
    const account = signUp.body['account'] as Record<string, unknown>
    step.answered(
      'nina',
      'POST /auth/signup',
      signUp,
      `account ${String(account['username'])}, role ${String(account['roleId'])}`,
    )
    step.check(
      'her account is there, an ordinary user, and nothing of the password in it',
      signUp.status === 201 && account['roleId'] === 1 && !('passwordHash' in account),
    )
  })

  await report.step('She logs in, with her email', async (step) => {
    const login = await nina.post('/auth/login', { username: NINA.email, password: NINA.password })
    const cookie = login.headers.getSetCookie()[0] ?? ''
    step.answered(
      'nina',
      'POST /auth/login',
      login,
      `access token ${short(nina.accessToken)} for ${String(login.body['expiresIn'])} s`,
    )
    step.did(`set-cookie: ${cookie.replace(nina.refreshToken ?? '', short(nina.refreshToken))}`)
    step.check(
      'the refresh token is in its cookie, where no script sees it, and nowhere else',
      login.status === 200 && /; HttpOnly; SameSite=Strict$/.test(cookie) && !JSON.stringify(login.body).includes('wrt_'),
    )
    const me = await nina.get('/me')
    step.answered('nina', 'GET /me', me, `${String(me.body['username'])}, roles ${String(me.body['roles'])}`)
    step.check('the access token says who she is', me.status === 200 && me.body['username'] === 'nina')
  })

  await report.step('Somebody guesses', async (step) => {
    const guesses = [
      { username: 'nina', password: 'Correct-Horse-9?' },
      { username: 'nobody', password: 'Correct-Horse-9?' },
    ]
    const answers = []
    for (const guess of guesses) {
      const start = performance.now()
      const answer = await world.device('guesser').post('/auth/login', guess)
      const time = Math.round(performance.now() - start)
      step.answered(
        'guesser',
        `POST /auth/login as ${guess.username}`,
        answer,
        `${String(answer.body['code'])}, after ${time} ms`,
      )
      answers.push({ ...answer.body, requestId: undefined })
    }
    const [wrongPassword, unknownName] = answers.map((body) => JSON.stringify(body))
    step.check(
      'a wrong password and an unknown name get the same answer, after the same work',
      wrongPassword === unknownName && answers[0]?.['code'] === 'invalid_credentials',
    )
  })
}

/** Refreshes: one, ten at once, and one whose answer never arrives. */
export async function refreshing(world: World): Promise<void> {
  const { report, nina, events } = world

  await report.step('Nina refreshes', async (step) => {
    const before = nina.refreshToken
    const soon = await nina.post('/auth/refresh')
    step.answered('nina', 'POST /auth/refresh', soon, `cookie stays ${short(nina.refreshToken)}`)
    step.check(
      'within 30 s of the login there is a new access token and no new cookie',
      soon.status === 200 && soon.headers.getSetCookie().length === 0,
    )
    wait(world, step, 31)
    const later = await nina.post('/auth/refresh')
    step.answered('nina', 'POST /auth/refresh', later, `cookie is now ${short(nina.refreshToken)}`)
    step.check('after that, both are new', later.status === 200 && nina.refreshToken !== before)
  })

  await report.step('Ten tabs wake up and refresh at once, with the same cookie', async (step) => {
    wait(world, step, 31)
    events.take('session_renewed')
    const before = nina.refreshToken
    const tabs = Array.from({ length: 9 }, () => nina.copy())
    const answers = await Promise.all([nina, ...tabs].map((tab) => tab.post('/auth/refresh')))
    const kinds = events.take('session_renewed').map((event) => event.data.kind)
    const successors = new Set([nina, ...tabs].map((tab) => tab.refreshToken))
    step.did(`ten times POST /auth/refresh → ${answers.map((answer) => answer.status).join(' ')}`)
    step.did(`the server rotated ${count(kinds, 'rotated')} time and gave the same again ${count(kinds, 'replayed')} times`)
    step.check(
      `all ten hold the same successor, ${short(nina.refreshToken)}`,
      answers.every(({ status }) => status === 200) && successors.size === 1 && !successors.has(before),
    )
  })

  await report.step('An answer is lost on the way, and the client tries again', async (step) => {
    wait(world, step, 31)
    const cut = new AbortController()
    events.take('session_renewed')
    events.next('session_renewed', () => cut.abort())
    const lost = await nina.post('/auth/refresh', undefined, cut.signal).catch(() => undefined)
    step.did(
      `nina    POST /auth/refresh → ${lost === undefined ? 'the connection breaks after the server has rotated' : lost.status}`,
    )
    wait(world, step, 300)
    const retry = await nina.post('/auth/refresh')
    const [first, second] = events.take('session_renewed').map((event) => event.data)
    step.answered('nina', 'POST /auth/refresh again', retry, `cookie is now ${short(nina.refreshToken)}`)
    step.did(`generation ${first?.generation} was ${first?.kind}, then generation ${second?.generation} was ${second?.kind}`)
    step.check(
      'she gets what was lost, not a logout',
      lost === undefined && retry.status === 200 && first?.generation === second?.generation && second?.kind === 'replayed',
    )
    const me = await nina.get('/me')
    step.answered('nina', 'GET /me', me, String(me.body['username']))
    step.check('and goes on', me.status === 200)
  })
}

function count(list: readonly string[], what: string): number {
  return list.filter((item) => item === what).length
}
