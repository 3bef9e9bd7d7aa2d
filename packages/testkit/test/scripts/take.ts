import { createConnection } from 'node:net'
import { perform } from '@wardstone/testkit/servers'

/** What a process is told: the port of a Redis, how often to count, and whether to fail on the way. */
export interface Take {
  readonly port: number
  readonly times: number
  readonly fail?: string
}

await perform(async ({ port, times, fail }: Take, step) => {
  const socket = createConnection(port, '127.0.0.1')
  await step('connected')
  if (fail !== undefined) throw new Error(fail)
  const numbers: number[] = []
  let rest = ''
  socket.write('INCR taken\r\n'.repeat(times))
  for await (const chunk of socket) {
    const lines = (rest + String(chunk)).split('\r\n')
    rest = lines.pop() ?? ''
    numbers.push(...lines.map((line) => Number(line.slice(1))))
    if (numbers.length === times) break
  }
  await step('done')
  return numbers // the connection is still open
})
