import { generateSecret, secretRing } from '@wardstone/core'
import { createKeySet, hmacKeys, type Algorithm } from '@wardstone/tokens'
import type { Contestant } from './race.ts'
import { serviceOf } from './token-material.ts'

const IN_FLIGHT = 32
const MORE_THAN_A_GRACE = 31_000

/** Signing in, and rotating the refresh tokens of sessions in memory: with each algorithm, since most of it is the signature. */
export async function issueContestants(algorithms: readonly Algorithm[], count: number): Promise<readonly Contestant[]> {
  const contestants = await Promise.all(algorithms.map((alg) => contestantsOf(alg, count)))
  return contestants.flat()
}

async function contestantsOf(alg: Algorithm, count: number): Promise<readonly Contestant[]> {
  let at = Date.UTC(2030, 0, 1)
  const keys =
    alg === 'HS256' ? hmacKeys(secretRing({ current: generateSecret() })) : createKeySet({ algorithm: alg, tokenTtl: '1h' })
  const tokens = serviceOf(keys, () => at)
  const issue = async (sub: string): Promise<string> => {
    const issued = await tokens.issue({ sub })
    return issued.ok ? issued.refreshToken : failed(issued.code)
  }
  const sessions = await Promise.all(Array.from({ length: count }, (_, i) => issue(`user ${i}`)))
  return [
    { name: `issue, ${alg}`, run: () => inFlight(count, async (i) => void (await issue(`user ${i}`))) },
    {
      name: `refresh, ${alg}`,
      prepare: () => void (at += MORE_THAN_A_GRACE),
      run: () =>
        inFlight(count, async (i) => {
          const renewed = await tokens.refresh(sessions[i] as string)
          sessions[i] = renewed.ok && renewed.kind === 'rotated' ? renewed.refreshToken : failed('not rotated')
        }),
    },
  ]
}

/** Does something many times, some of it at once; answers how often. */
async function inFlight(count: number, once: (i: number) => Promise<void>): Promise<number> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await once(next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  return count
}

function failed(why: string): never {
  throw new Error(why)
}
