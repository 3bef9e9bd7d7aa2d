import { once } from 'node:events'
import type { Said } from './member.ts'

/** Stands still until the test lets this process go on. */
export type Step = (name: string) => Promise<void>

/**
 * What a script of {@link startProcesses} calls, once: does the work with the process's input, and hands back what it
 * returns, as JSON. The process ends with it, whatever is still open.
 *
 * @example
 * ```ts
 * import { perform } from '@wardstone/testkit/servers'
 *
 * await perform(async (input: { who: string }, step) => {
 *   await step('ready') // all wait here until the test says go
 *   return `${input.who} was here`
 * })
 * ```
 */
export async function perform<I>(work: (input: I, step: Step) => unknown): Promise<void> {
  // Without the test there is nobody to work for.
  process.once('disconnect', () => process.exit(1))
  const [{ input }] = (await once(process, 'message')) as [{ input: I }]
  const step: Step = async (name) => {
    const gone = once(process, 'message')
    await say({ step: name })
    await gone
  }
  try {
    await say({ result: await work(input, step) })
  } catch (error) {
    await say({ error: error instanceof Error ? `${error.stack}` : String(error) })
  }
  process.exit(0)
}

async function say(said: Said): Promise<void> {
  if (!process.send) throw new Error('this script is started by startProcesses')
  await new Promise<void>((resolve) => process.send?.(said, () => resolve()))
}
