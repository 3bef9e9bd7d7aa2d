import { InvalidArgumentError } from '@wardstone/core'
import type { Deadline } from './deadline.ts'
import type { Link } from './link.ts'
import { OneShot } from './one-shot.ts'
import type { Entry } from './port.ts'

/** The command that reads a page of a stream. `XRANGE` answers the same under RESP2 and RESP3, which `XREAD` does not. */
export function pageOf(stream: string, after: string, limit: number, keyPrefix: string): OneShot {
  if (!/^\d{1,20}-\d{1,20}$/.test(after)) throw new InvalidArgumentError('after', 'expected the id of an entry, or 0-0')
  if (!Number.isSafeInteger(limit) || limit < 1) throw new InvalidArgumentError('limit', 'expected a whole number from 1')
  const args = [stream, `(${after}`, '+', 'COUNT', `${limit}`]
  return new OneShot('xrange', args, keyPrefix, true).toMaster()
}

/** Sends it, and reads the answer. */
export async function readPage(command: OneShot, link: Link, deadline: Deadline): Promise<readonly Entry[]> {
  const rows = (await link.send(command, deadline)) as readonly (readonly [id: Buffer, fields: readonly Buffer[]])[]
  return rows.map(([id, flat]) => {
    const fields = new Map<string, Buffer>()
    for (let i = 0; i + 1 < flat.length; i += 2) fields.set(String(flat[i]), flat[i + 1] ?? Buffer.alloc(0))
    return { id: id.toString(), fields }
  })
}
