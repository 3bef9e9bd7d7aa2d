import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Child, leashed } from '../child.ts'
import { Member } from './member.ts'

/** Processes of one script. */
export interface Processes {
  /** In the order of their inputs: for tests that let one go on before the other, hang it or kill it. */
  readonly members: readonly Member[]
  /** The barrier: waits until each stands at its next step, then lets all go. */
  go(): Promise<void>
  /** What each has returned, in the order of the inputs. */
  results<R>(): Promise<R[]>
  /** Ends them all at once. */
  stop(): Promise<void>
}

/**
 * Starts a script once for each input. The script calls {@link perform}; nothing is shared but what it opens.
 *
 * @param script - URL of a JavaScript file, or of a TypeScript file where Node runs those
 * @param inputs - one for each process, as JSON
 *
 * @example
 * ```ts
 * import { startProcesses } from '@wardstone/testkit/servers'
 *
 * const crew = await startProcesses(new URL('./take.ts', import.meta.url), [{ who: 'a' }, { who: 'b' }])
 * await crew.go() // both have connected: now they race
 * export const taken = await crew.results<boolean>()
 * await crew.stop()
 * ```
 */
export async function startProcesses(script: URL, inputs: readonly unknown[]): Promise<Processes> {
  const [execPath, ...execArgv] = leashed([process.execPath])
  const members = inputs.map((input) => {
    const child = fork(fileURLToPath(script), { execPath, execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    const member = new Member(child, new Child(child))
    child.send({ input })
    return member
  })
  return {
    members,
    async go() {
      await Promise.all(members.map((member) => member.arrived()))
      for (const member of members) member.go()
    },
    results: <R>() => Promise.all(members.map((member) => member.result<R>())),
    async stop() {
      await Promise.all(members.map((member) => member.kill()))
    },
  }
}
