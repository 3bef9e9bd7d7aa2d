import type { Deadline } from './deadline.ts'
import { answerOf } from './errors.ts'
import type { Link } from './link.ts'
import { OneShot } from './one-shot.ts'
import type { Script } from './script.ts'

/** A script with its keys and arguments, on its way. */
export interface ScriptCall {
  readonly name: string
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly (string | Buffer)[]
  /** What is on the wire: by hash, or whole. */
  command: OneShot
}

/** Makes a call that was not sent yet. */
export function scriptCall(script: Script, keys: readonly string[], args: readonly (string | Buffer)[], link: Link): ScriptCall {
  const command = new OneShot('evalsha', [script.sha, `${keys.length}`, ...keys, ...args], link.keyPrefix, script.buffers)
  return { name: script.name, script, keys, args, command }
}

/** Sends it by hash, and whole if the server answers that it does not know it: then nothing has run. */
export function runScript(call: ScriptCall, link: Link, deadline: Deadline): Promise<unknown> {
  return link.send(call.command, deadline).catch((error: unknown) => {
    if (answerOf(error) !== 'NOSCRIPT') throw error
    const { script, keys, args } = call
    call.command = new OneShot('eval', [script.source, `${keys.length}`, ...keys, ...args], link.keyPrefix, script.buffers)
    return link.send(call.command, deadline)
  })
}
