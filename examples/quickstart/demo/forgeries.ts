import { createHmac, createPublicKey, generateKeyPairSync, sign, type JsonWebKey } from 'node:crypto'
import type { Client } from './client.ts'
import { decode, encode, kidOf } from './jwt.ts'
import { sayingOf, telling } from './telling.ts'
import type { World } from './world.ts'

/** Access tokens that somebody else made. */
export async function forgeries({ report, nina, device, tokens }: World): Promise<void> {
  await report.step('Somebody forges access tokens that say admin', async (step) => {
    const before = counted(tokens)
    const said = new Set<string>()
    step.did('POST /admin/keys/rotate with')
    for (const [how, accessToken] of Object.entries(await forge(nina))) {
      const forger = device('forger')
      forger.accessToken = accessToken
      const answer = await forger.send('POST /admin/keys/rotate')
      step.did(`  ${how.padEnd(48)} → ${answer.status} ${telling(answer)}`)
      said.add(sayingOf(answer))
    }
    step.check('all get the very same answer', said.size === 1 && [...said].join().includes('"status":401'))
    const reasons = [...counted(tokens)].map(([code, count]) => [code, count - (before.get(code) ?? 0)] as const)
    const counts = reasons.filter(([, count]) => count > 0).map(([code, count]) => `${count} × ${code}`)
    step.did(`why is counted on the inside: ${counts.join(', ')}`)
    const me = await step.ask(nina, 'GET /me')
    step.check('the true token is accepted', me.status === 200)
  })
}

/** Refused access tokens, by reason. */
function counted(tokens: World['tokens']): ReadonlyMap<string, number> {
  return new Map(Object.entries(tokens.stats().refused))
}

/** Takes a true token and turns it into false ones. */
async function forge(client: Client): Promise<Readonly<Record<string, string>>> {
  const [header = '', payload = '', signature = ''] = (client.accessToken ?? '').split('.')
  const admin = encode({ ...decode(payload), roleId: 2, roles: ['admin'] })
  const unsigned = `${encode({ ...decode(header), alg: 'none' })}.${admin}`
  const altered = `${header}.${admin}`
  const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const foreign = sign('sha256', Buffer.from(altered), foreignKey).toString('base64url')
  const confused = `${encode({ ...decode(header), alg: 'HS256' })}.${admin}`
  const hmac = createHmac('sha256', await publicKeyOf(client))
    .update(confused)
    .digest('base64url')
  return {
    'an altered payload under the true signature': `${altered}.${signature}`,
    'alg: none and no signature': `${unsigned}.`,
    'signed by a foreign key, under our key id': `${altered}.${foreign}`,
    'alg: HS256, our public key taken for the secret': `${confused}.${hmac}`,
  }
}

async function publicKeyOf(client: Client): Promise<string | Buffer> {
  const { body } = await client.send('GET /.well-known/jwks.json')
  const key = (body['keys'] as readonly JsonWebKey[]).find((jwk) => jwk['kid'] === kidOf(client)) ?? {}
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
}
