import type { HttpCase } from './case.ts'
import { RawClient } from './client.ts'
import type { HttpHost } from './host.ts'
import { Probe } from './probe.ts'
import { readTranscript, sorted, type Transcript } from './transcript.ts'

/**
 * Starts a case's application on a host, sends the request over a real socket and writes down what comes of it. Returns
 * after everything that the case expects to be noted was, and the host has closed.
 */
export async function runHttpCase(host: HttpHost, row: HttpCase): Promise<Transcript> {
  const probe = new Probe()
  const running = await host.start({
    baseline: row.baseline ?? {},
    routes: row.routes(probe),
    report: (error) => probe.note(`reported: ${error instanceof Error ? error.message : String(error)}`),
  })
  try {
    const client = new RawClient(running.port)
    client.send(row.request)
    if (row.leave === undefined) {
      await client.ended()
    } else {
      await ('noted' in row.leave ? probe.until(row.leave.noted) : client.until(row.leave.arrived))
      await client.leave()
    }
    for (const note of row.expect.notes) await probe.until(note)
    await running.close()
    const transcript = readTranscript(client.received, row.request, probe.notes)
    return host.sortsHeaders === true ? sorted(transcript) : transcript
  } finally {
    await running.close()
  }
}
