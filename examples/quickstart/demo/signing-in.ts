import { sayingOf, short, telling } from './telling.ts'
import { NINA, type World } from './world.ts'

/** Sign-up, login, and what a wrong password tells. */
export async function signingIn({ report, nina, device }: World): Promise<void> {
  await report.step('Nina signs up', async (step) => {
    const { status, body } = await step.ask(nina, 'POST /auth/signup', NINA)
    const account = body['account'] as Readonly<Record<string, unknown>>
    step.did(`account ${JSON.stringify({ ...account, id: '…' })}`)
    step.check('she has an account, and nothing of her password comes back', status === 201 && !('passwordHash' in account))
  })

  await report.step('Nina logs in, with her email', async (step) => {
    const login = await step.ask(nina, 'POST /auth/login', { username: NINA.email, password: NINA.password })
    const [cookie = ''] = login.headers.getSetCookie()
    step.did(`set-cookie: ${cookie.replace(nina.refreshToken ?? '', short(nina.refreshToken))}`)
    step.check(
      'the refresh token is in its cookie, where no script sees it, and not in the body',
      cookie.endsWith('; HttpOnly; SameSite=Strict') && !JSON.stringify(login.body).includes('wrt_'),
    )
    const me = await step.ask(nina, 'GET /me')
    step.check('the access token says who she is', me.status === 200 && me.body['username'] === 'nina')
  })

  await report.step('Somebody guesses a password, and a name', async (step) => {
    const guesser = device('guesser')
    const guess = async (username: string): Promise<{ readonly ms: number; readonly said: string }> => {
      const start = performance.now()
      const answer = await guesser.send('POST /auth/login', { username, password: 'Correct-Horse-9?' })
      const ms = Math.round(performance.now() - start)
      step.did(`guesser      POST /auth/login as ${username.padEnd(6)} → ${answer.status} ${telling(answer)}, after ${ms} ms`)
      return { ms, said: sayingOf(answer) }
    }
    const wrongPassword = await guess('nina')
    const unknownName = await guess('nobody')
    step.check(
      'a wrong password and an unknown name get the very same answer',
      wrongPassword.said === unknownName.said && wrongPassword.said.includes('"status":401'),
    )
    // An answer without work would come some hundred times sooner; the rest is noise.
    step.check('after the same work', unknownName.ms > wrongPassword.ms / 10)
  })
}
