import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { make, unmake, type Shared } from './made.ts'

/** Where the processes of a run ask the first one. */
const VARIABLE = 'WARDSTONE_SHARED_SERVERS'

/**
 * Lets every process that is started from now on share what it asks for, until the returned function is called: for the
 * `globalSetup` of a test runner. Nothing is started before somebody asks. Without it each process makes its own.
 *
 * @example
 * ```ts
 * import { shareServers } from '@wardstone/testkit/servers'
 *
 * export const setup = shareServers // Vitest calls it once, and what it returns at the end
 * ```
 */
export async function shareServers(): Promise<() => Promise<void>> {
  const desk = createServer((request, response) => {
    const what = (request.url ?? '').slice(1) as Shared
    make(what).then(
      (fact) => response.end(fact),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    )
  })
  desk.listen(0, '127.0.0.1')
  await once(desk, 'listening')
  process.env[VARIABLE] = `http://127.0.0.1:${(desk.address() as AddressInfo).port}`
  return async () => {
    delete process.env[VARIABLE]
    desk.close()
    desk.closeAllConnections()
    await unmake()
  }
}

/** What the run has made, or this process if it is not part of one. */
export async function shared(what: Shared): Promise<string> {
  const desk = process.env[VARIABLE]
  if (desk === undefined) return make(what)
  const answer = await fetch(`${desk}/${what}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}
