import type { Deadline } from './deadline.ts'
import { answerOf } from './errors.ts'
import type { Link } from './link.ts'
import { OneShot } from './one-shot.ts'
import type { Script } from './script.ts'

/** A script with its keys and arguments, on its way. */
export interface ScriptCall {
  readonly script: Script
  /** Number of keys, keys, arguments. */
  readonly rest: readonly (string | Buffer)[]
  /** What is on the wire: by hash, or whole. */
  command: OneShot
}

/** Makes a call that was not sent yet. */
export function scriptCall(script: Script, keys: readonly string[], args: readonly (string | Buffer)[], link: Link): ScriptCall {
  const rest = [`${keys.length}`, ...keys, ...args]
  const command = new OneShot('evalsha', [script.sha, ...rest], { keyPrefix: link.keyPrefix, buffers: script.buffers })
  return { script, rest, command }
}

/** Sends it by hash, and whole if the server answers that it does not know it: then nothing has run. */
export async function runScript(call: ScriptCall, link: Link, deadline: Deadline): Promise<unknown> {
  try {
    return await link.send(call.command, deadline)
  } catch (error) {
    if (answerOf(error) !== 'NOSCRIPT') throw error
  }
  const { script, rest } = call
  call.command = new OneShot('eval', [script.source, ...rest], { keyPrefix: link.keyPrefix, buffers: script.buffers })
  return link.send(call.command, deadline)
}
