import { createHmac, createPublicKey, generateKeyPairSync, sign, type JsonWebKey } from 'node:crypto'
import { SEED_PASSWORD } from '../src/seed.ts'
import type { Client } from './client.ts'
import { keepInFlight } from './in-flight.ts'
import { short } from './report.ts'
import { NINA, type World } from './world.ts'

/** The signing key changes while 200 requests are in flight. */
export async function rotation(world: World): Promise<void> {
  const { report, clock, nina } = world

  await report.step('The signing key is rotated while 200 requests are in flight', async (step) => {
    step.answered(
      'nina',
      'POST /auth/login',
      await nina.post('/auth/login', NINA_LOGIN),
      `access token of key ${short(kidOf(nina))}`,
    )
    const ada = world.device('admin')
    await ada.post('/auth/login', { username: 'ada', password: SEED_PASSWORD })

    // Half ask with a token of the old key throughout; of the others, some refresh, which signs with the key of the moment.
    const old = nina.copy()
    const load = keepInFlight(200, (worker) =>
      worker % 2 === 0 ? old.get('/me') : worker % 8 === 1 ? nina.post('/auth/refresh') : nina.get('/me'),
    )
    await load.more(200)
    const before = load.statuses.length
    const rotate = await ada.post('/admin/keys/rotate')
    const published = load.statuses.length
    const kid = String(rotate.body['kid'])
    step.answered(
      'admin',
      'POST /admin/keys/rotate',
      rotate,
      `key ${short(kid)} is published, and signs from ${String(rotate.body['signsFrom']).slice(11, 19)}`,
    )
    await load.more(200)
    const early = kidOf(nina)
    clock.advance('306s')
    step.did('clock +306 s: every cache of the key set has been renewed, so the new key signs')
    const switched = load.statuses.length
    await load.more(400)
    await load.stop()

    const total = load.statuses.length
    const failed = load.statuses.filter((status) => status !== 200).length
    step.did(
      `answered: ${before} before, ${published - before} while the key was made, ${switched - published} until it signed, ${total - switched} after`,
    )
    step.check(`${total} requests, 200 at a time, ${failed} failed`, failed === 0 && total > 800)
    step.check(
      'the new key signed nothing until every verifier could know it, and signs now',
      early !== kid && kidOf(nina) === kid,
    )
    const [oldMe, newMe] = [await old.get('/me'), await nina.get('/me')]
    step.answered('nina', `GET /me with a token of key ${short(kidOf(old))}`, oldMe)
    step.answered('nina', `GET /me with a token of key ${short(kidOf(nina))}`, newMe)
    step.check('tokens of both keys are accepted', oldMe.status === 200 && newMe.status === 200)
    const kids = (await jwksOf(nina)).map((key) => String(key.kid))
    step.did(`GET /.well-known/jwks.json → ${kids.map(short).join(', ')}`)
    step.check('the key set shows both', kids.length === 2 && kids.includes(kid) && kids.includes(kidOf(old)))
  })
}

/** Tokens that we did not make. */
export async function forgeries(world: World): Promise<void> {
  const { report, nina } = world

  await report.step('Somebody forges access tokens', async (step) => {
    const [header = '', payload = '', signature = ''] = (nina.accessToken ?? '').split('.')
    const admin = encode({ ...decode(payload), roleId: 2, roles: ['admin'] })
    const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const [jwk] = (await jwksOf(nina)).filter((key) => key.kid === kidOf(nina))
    const pem = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const none = encode({ ...decode(header), alg: 'none' })
    const hmac = encode({ ...decode(header), alg: 'HS256' })
    const forged = {
      'alg: none, without a signature': `${none}.${admin}.`,
      'signed with a key of his own, under our key id': `${header}.${admin}.${sign('sha256', Buffer.from(`${header}.${admin}`), foreign).toString('base64url')}`,
      'alg: HS256, with our public key as the secret': `${hmac}.${admin}.${createHmac('sha256', pem).update(`${hmac}.${admin}`).digest('base64url')}`,
      'a payload that says admin, under the true signature': `${header}.${admin}.${signature}`,
    }
    const answers = new Set<string>()
    for (const [how, accessToken] of Object.entries(forged)) {
      const forger = world.device('forger')
      forger.accessToken = accessToken
      const answer = await forger.post('/admin/keys/rotate')
      step.did(`${how}: POST /admin/keys/rotate → ${answer.status} ${String(answer.body['code'])}`)
      answers.add(
        JSON.stringify([answer.status, answer.headers.get('www-authenticate'), { ...answer.body, requestId: undefined }]),
      )
    }
    step.check(
      `all refused, with one answer that tells nothing: ${[...answers].map((text) => JSON.parse(text)[1]).join(' | ')}`,
      answers.size === 1 && [...answers][0]?.startsWith('[401') === true,
    )
    const me = await nina.get('/me')
    step.answered('nina', 'GET /me with the token as it was', me)
    step.check('the true one is accepted', me.status === 200)
  })
}

const NINA_LOGIN = { username: NINA.username, password: NINA.password }

async function jwksOf(client: Client): Promise<readonly (JsonWebKey & { readonly kid?: string })[]> {
  const { body } = await client.get('/.well-known/jwks.json')
  return body['keys'] as JsonWebKey[]
}

function kidOf({ accessToken = '' }: Client): string {
  return String(decode(accessToken.split('.')[0] ?? '')['kid'])
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
