import { generateSecret, secretRing, type Now } from '@wardstone/core'
import { createTokenService, hmacKeys, memoryStore, type SessionStore } from '@wardstone/tokens'
import { Browser, type Network, type World } from './browser.ts'
import { random } from './random.ts'
import { median } from './race.ts'
import type { Row } from './report.ts'
import { Thief, type Manner } from './thief.ts'
import { VirtualTime } from './virtual-time.ts'

/** What is simulated: a kind of server, a network, and how many browsers. */
export interface Scenario {
  readonly name: string
  readonly sessions: number
  readonly store?: (now: Now) => SessionStore
  readonly network?: Partial<Network>
  readonly confirms?: boolean
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const GRACE = 30_000

const NETWORK: Network = { lost: 0.01, lostLate: 0.3, doubled: 0.1, delayed: 0.01, delayedUpToMs: 3000 }

interface Simulation extends World {
  readonly browsers: readonly Browser[]
  /** When sessions were ended, by their id. */
  readonly ended: ReadonlyMap<string, number>
  readonly started: number
}

/** What became of honest people's sessions. */
export interface HonestRow extends Row {
  readonly sessions: number
  readonly refreshes: number
  /** Sessions that ended though nobody stole anything and nothing expired. */
  readonly falseLogouts: number
}

/** Lets honest people use the service for three days. */
export async function honest(scenario: Scenario): Promise<HonestRow> {
  const { time, browsers, ended, started } = simulation(scenario)
  await time.run(started + 3 * DAY)
  const falseLogouts = browsers.filter(({ sid, signedOut }) => signedOut || ended.has(sid)).length
  const refreshes = browsers.reduce((sum, browser) => sum + browser.refreshedAt.length, 0)
  return { name: scenario.name, sessions: browsers.length, refreshes, falseLogouts }
}

/** How many thieves were found, and when: counted from the moment at which thief and victim had both refreshed. */
export interface TheftRow extends Row {
  readonly thieves: number
  readonly foundInAnHour: number
  readonly foundEver: number
  readonly medianMinutes: number
  /** Those whose refreshes lay more than one grace from the victim's. */
  readonly apart: number
  readonly apartFoundInAnHour: number
}

/** Has one token stolen of each session at some moment of the second day, and goes on for four days. */
export async function thefts(scenario: Scenario, manner: Manner): Promise<TheftRow> {
  const world = simulation(scenario)
  const { time, browsers, started, ended } = world
  const thieves = browsers.map((browser, i) => {
    const thief = new Thief(world, browser, manner, 70_000 + i)
    time.at(started + random(90_000 + i).between(DAY, 2.5 * DAY), () => thief.steal())
    return { browser, thief }
  })
  await time.run(started + 5 * DAY)
  const met = thieves.flatMap(({ browser, thief }) => meeting(browser, thief, ended.get(browser.sid)) ?? [])
  const apart = met.filter((one) => one.apart)
  return {
    name: scenario.name,
    thieves: met.length,
    foundInAnHour: shareFound(met, HOUR),
    foundEver: shareFound(met, 5 * DAY),
    medianMinutes: median(met.map((one) => one.foundAfter)) / 60_000,
    apart: apart.length,
    apartFoundInAnHour: shareFound(apart, HOUR),
  }
}

function shareFound(meetings: readonly Meeting[], within: number): number {
  return meetings.filter((one) => one.foundAfter <= within).length / meetings.length
}

/** A thief and his victim from the moment on at which both have used the session, if that came. */
function meeting(browser: Browser, thief: Thief, endedAt = Number.POSITIVE_INFINITY): Meeting | undefined {
  const { stoleAt } = thief
  const firstOfThief = thief.refreshedAt[0]
  if (stoleAt === undefined || firstOfThief === undefined || endedAt <= stoleAt) return undefined
  const firstOfVictim = browser.refreshedAt.find((at) => at > stoleAt)
  if (firstOfVictim === undefined) return undefined
  const metAt = Math.max(firstOfThief, firstOfVictim)
  const until = Math.min(endedAt, metAt + HOUR)
  const near = browser.refreshedAt.filter((at) => at > stoleAt - GRACE && at <= until)
  const apart = !thief.refreshedAt.some((his) => his <= until && near.some((hers) => Math.abs(his - hers) <= GRACE))
  return { apart, foundAfter: endedAt - metAt }
}

interface Meeting {
  readonly apart: boolean
  readonly foundAfter: number
}

function simulation({ sessions, store = memory, network = {}, confirms = true }: Scenario): Simulation {
  const time = new VirtualTime()
  const started = time.now()
  const ended = new Map<string, number>()
  const ring = secretRing({ current: generateSecret() })
  const tokens = createTokenService({
    issuer: 'https://id.example',
    audience: 'https://api.example',
    keys: hmacKeys(ring),
    secrets: ring,
    store: store(time.now),
    refresh: { grace: GRACE },
    claims: () => ({ roles: ['user'] }),
    now: time.now,
    events: ({ name, sid, at }) => {
      if (name === 'authn_token_reuse' && sid !== undefined) ended.set(sid, at)
    },
  })
  const world: World = { time, tokens, confirms, network: { ...NETWORK, ...network } }
  const browsers = Array.from({ length: sessions }, (_, i) => new Browser(world, i + 1))
  browsers.forEach((browser, i) => time.after((i / sessions) * 8 * HOUR, () => browser.signIn(`user ${i}`)))
  return { ...world, browsers, ended, started }
}

function memory(now: Now): SessionStore {
  return memoryStore({ now })
}
