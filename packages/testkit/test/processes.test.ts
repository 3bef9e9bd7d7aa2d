import { afterEach, describe, expect, it } from 'vitest'
import { available, startProcesses, startRedis, type Processes } from '../src/servers.ts'
import { foldersOf, orphanedSegments, runs } from './traces.ts'
import type { Take } from './scripts/take.ts'

const closing: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.stop()
})

const TAKE = new URL('./scripts/take.ts', import.meta.url)
const LEAVE = new URL('./scripts/leave.ts', import.meta.url)

async function start(script: URL, inputs: readonly unknown[]): Promise<Processes> {
  const processes = await startProcesses(script, inputs)
  closing.push(processes)
  return processes
}

describe.skipIf(!(await available('redis-server')))('several processes of one script', { timeout: 30_000 }, () => {
  async function takers(inputs: readonly Omit<Take, 'port'>[]): Promise<Processes> {
    const redis = await startRedis()
    closing.push(redis)
    return start(
      TAKE,
      inputs.map((input) => ({ ...input, port: redis.port })),
    )
  }

  it('wait for each other, do their work at once and hand back what came of it', async () => {
    const processes = await takers([{ times: 500 }, { times: 500 }, { times: 500 }])
    await processes.go()
    await processes.go()
    const taken = await processes.results<number[]>()
    expect(taken.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_500 }, (_, index) => index + 1))
    await processes.stop()
    expect(processes.members.filter(({ pid }) => runs(pid))).toEqual([])
  })

  it('go on in the order that the test says, and one that is killed has no result', async () => {
    const { members } = await takers([{ times: 2 }, { times: 1 }, { times: 1 }])
    const [first, second, third] = members
    if (!first || !second || !third) throw new Error('three were started')
    for (const member of [second, first]) {
      expect(await member.arrived()).toBe('connected')
      member.go()
      expect(await member.arrived()).toBe('done')
    }
    await third.arrived()
    await third.kill()
    for (const member of [first, second]) member.go()
    expect([await first.result(), await second.result()]).toEqual([[2, 3], [1]])
    await expect(third.result()).rejects.toThrow('without a result')
  })

  it('report the error that ended one of them', async () => {
    const processes = await takers([{ times: 1, fail: 'lost its way' }])
    await processes.go()
    await expect(processes.go()).rejects.toThrow('lost its way')
    await expect(processes.results()).rejects.toThrow('lost its way')
  })
})

describe.skipIf(!(await available('redis-server')) || !(await available('postgres-server')))(
  'servers of a process that did not stop them',
  { timeout: 30_000 },
  () => {
    it.each(['killed', 'ended by an error'])('end with it when it is %s, be they hung, and their folders go', async (how) => {
      const before = orphanedSegments()
      const [member] = (await start(LEAVE, [how])).members
      if (!member) throw new Error('one was started')
      const pids = (await member.arrived()).split(' ').map(Number)
      expect(pids.map(runs)).toEqual([true, true])
      if (how === 'killed') await member.kill()
      else member.go()
      await expect(member.result()).rejects.toThrow('without a result')
      await expect.poll(() => pids.map(runs)).toEqual([false, false])
      if (how === 'killed') await (await start(LEAVE, [''])).members[0]?.arrived() // whoever is next sweeps
      const segments = orphanedSegments().filter((segment) => !before.includes(segment))
      expect([foldersOf(member.pid), segments]).toEqual([[], []])
    })
  },
)
