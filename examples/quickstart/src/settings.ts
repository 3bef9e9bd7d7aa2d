import { createPrivateKey, type KeyObject } from 'node:crypto'
import { secret, secretRing, type Duration, type SecretRing } from '@wardstone/core'
import { STORES } from './stores.ts'

/** What the environment says. */
export interface Settings {
  readonly port: number
  readonly instances: number
  readonly grace: Duration
  readonly store: string
  readonly redisUrl: string | undefined
  readonly seeded: boolean
  /** What several processes must have in common; without, each makes its own. */
  readonly secrets: SecretRing | undefined
  readonly signingKey: KeyObject | undefined
}

/** Reads the options. What is wrong is said in one line. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { PORT = '3000', INSTANCES = '1', GRACE = '30s', STORE = 'memory', REDIS_URL, SEED } = env
  const { REFRESH_TOKEN_SECRET, ACCESS_TOKEN_PRIVATE_KEY } = env
  if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535)
    throw new Error('PORT: expected a number from 0 to 65535; 0 picks a free one')
  if (!/^[1-9]\d?$/.test(INSTANCES)) throw new Error('INSTANCES: expected a number from 1 to 99')
  if (!(STORES as readonly string[]).includes(STORE)) throw new Error(`STORE: expected ${STORES.join(' or ')}`)
  if (STORE === 'memory' && INSTANCES !== '1') throw new Error('INSTANCES: several processes share no memory; set STORE=redis')
  if (STORE === 'redis' && REDIS_URL === undefined)
    throw new Error('REDIS_URL: required by STORE=redis, such as redis://127.0.0.1:6379')
  return {
    port: Number(PORT),
    instances: Number(INSTANCES),
    grace: GRACE as Duration,
    store: STORE,
    redisUrl: REDIS_URL,
    seeded: SEED === '1',
    secrets:
      REFRESH_TOKEN_SECRET === undefined
        ? undefined
        : secretRing({ current: secret(REFRESH_TOKEN_SECRET, { encoding: 'base64' }) }),
    signingKey: ACCESS_TOKEN_PRIVATE_KEY === undefined ? undefined : createPrivateKey(ACCESS_TOKEN_PRIVATE_KEY),
  }
}
