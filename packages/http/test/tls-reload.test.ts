import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, createServer } from 'node:https'
import { X509Certificate } from 'node:crypto'
import { inspect } from 'node:util'
import type { TLSSocket } from 'node:tls'
import type { Tls } from '@wardstone/http/tls'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { authority } from '../../core/test/certificates.ts'
import { ask, ca, folder, listening, serve, serverCert, shake, shown, tlsOf } from './tls-kit.ts'

const fingerprint = ({ cert }: { cert: string }): string => new X509Certificate(cert).fingerprint256
const day = 86_400_000

/** Runs `reload` without waiting for its pauses: `between(n)` is called in the nth. */
async function reload(tls: Tls, between: (pause: number) => void = () => {}): Promise<string> {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  try {
    let done = false
    const pending = tls.reload().finally(() => (done = true))
    for (let pauses = 0; !done; await new Promise(setImmediate)) {
      if (vi.getTimerCount() === 0) continue
      between(++pauses)
      vi.runOnlyPendingTimers()
    }
    return await pending
  } finally {
    vi.useRealTimers()
  }
}

describe('a certificate that changes', () => {
  it('[HTTP-8] is shown to new connections, and old ones go on', async () => {
    const files = folder(serverCert())
    const { tls, events } = tlsOf(files.paths)
    const port = await serve(tls, (request, response) => response.end(String(request.socket.remotePort)))
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca.cert })
    onTestFinished(() => agent.destroy())
    const before = await ask(port, { agent })
    const next = serverCert()
    files.swap(next)
    expect(await reload(tls)).toBe('reloaded')
    expect(await shown(port)).toBe(fingerprint(next))
    expect(await ask(port, { agent })).toEqual(before)
    expect(tls.stats()).toMatchObject({ fingerprint256: fingerprint(next), reloads: 1, failedReloads: 0, servers: 1 })
    expect(events).toMatchObject([{ name: 'tls_reloaded', severity: 'info', data: { fingerprint256: fingerprint(next) } }])
    expect(await reload(tls)).toBe('unchanged')
  })

  it('[HTTP-8] fails no handshake, however often it changes and however it is written', async () => {
    const files = folder(serverCert())
    const { tls, events } = tlsOf(files.paths)
    const port = await serve(tls)
    let changing = true
    const failures: unknown[] = []
    const seen = new Set<string>()
    const client = async (): Promise<void> => {
      while (changing)
        await shown(port).then(
          (one) => seen.add(one),
          (error: unknown) => failures.push(error),
        )
    }
    const clients = Array.from({ length: 4 }, client)
    const served: string[] = []
    for (let round = 0; round < 6; round++) {
      const next = serverCert()
      if (round % 2 === 0) {
        files.swap(next)
        await reload(tls)
      } else {
        files.write({ cert: next.cert.slice(0, 300) })
        await reload(tls, (pause) => files.write(pause === 1 ? { cert: next.cert } : { key: next.key }))
      }
      served.push(await shown(port))
      expect(served.at(-1)).toBe(fingerprint(next))
    }
    changing = false
    await Promise.all(clients)
    expect(failures).toEqual([])
    expect(served.filter((one) => seen.has(one)).length).toBeGreaterThan(0)
    expect(events.map(({ name }) => name)).toEqual(Array.from({ length: 6 }, () => 'tls_reloaded'))
  })

  it('[HTTP-8] is noticed by itself', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const files = folder(serverCert())
    const next = serverCert()
    let tell: () => void
    const told = new Promise<void>((resolve) => (tell = resolve))
    const { tls } = tlsOf({ ...files.paths, reload: '1m', events: () => tell() })
    files.swap(next)
    vi.advanceTimersByTime(60_000)
    await told
    expect(tls.stats().fingerprint256).toBe(fingerprint(next))
    tls.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('[HTTP-8] reaches each server until that is closed, and one that is attached late', async () => {
    const files = folder(serverCert())
    const { tls } = tlsOf(files.paths)
    const [early, late] = [createServer(tls.options), createServer(tls.options)]
    tls.attach(early)
    const next = serverCert()
    files.swap(next)
    await reload(tls)
    expect(await shown(await listening(tls.attach(late)))).toBe(fingerprint(next))
    expect(tls.stats().servers).toBe(2)
    const closed = once(late, 'close')
    late.close()
    await closed
    expect(tls.stats().servers).toBe(1)
  })

  it('[HTTP-8] is shown to others, too, by the agent that was made before', async () => {
    const files = folder(ca.issue({ name: 'first' }))
    const client = tlsOf({ ...files.paths, ca: ca.cert }).tls
    const port = await serve(tlsOf({ ...serverCert(), ca: ca.cert, clients: 'required' }).tls, (request, response) =>
      response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN),
    )
    const agent = client.agent({ keepAlive: false })
    onTestFinished(() => agent.destroy())
    const ours = { agent, ca: undefined }
    expect((await ask(port, ours)).body).toBe('first')
    files.swap(ca.issue({ name: 'second' }))
    await reload(client)
    expect((await ask(port, ours)).body).toBe('second')
  })

  it('[HTTP-8] with other authorities ends what the old ones had begun: no session is resumed', async () => {
    const other = authority('Other CA')
    const file = `${folder(serverCert()).paths.cert}.ca`
    writeFileSync(file, ca.cert)
    const { tls } = tlsOf({ ...serverCert(), ca: file, clients: 'optional' })
    const port = await serve(tls, (request, response) => response.end(String((request.socket as TLSSocket).authorized)))
    const known = ca.issue({ name: 'billing' })
    const first = await shake(port, known)
    const session = once(first, 'session').then(([ticket]) => ticket as Buffer)
    first.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(String(((await once(first, 'data')) as [Buffer])[0])).toMatch(/true$/)
    const again = await shake(port, { ...known, session: await session })
    expect(again.isSessionReused()).toBe(true) // so there is something to end

    writeFileSync(file, other.cert)
    expect(await reload(tls)).toBe('reloaded')
    const late = await shake(port, { ...known, session: await session })
    late.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(String(((await once(late, 'data')) as [Buffer])[0])).toMatch(/false$/)
    expect(late.isSessionReused()).toBe(false)
  })
})

describe('a change that is wrong', () => {
  const good = serverCert()
  const next = serverCert()

  it.each([
    ['a key of another certificate', { cert: next.cert }, /^key: it belongs to another/],
    ['a certificate of another key', { key: next.key }, /^key: it belongs to another/],
    ['an expired certificate', serverCert(Date.now() - day), /^cert: it has expired/],
    ['half a certificate', { cert: next.cert.slice(0, 300), key: next.key }, /^cert: expected certificates/],
    ['an empty file', { cert: '', key: next.key }, /^cert: expected certificates/],
    ['half a key', { cert: next.cert, key: next.key.slice(0, 100) }, /^key: expected a private key/],
  ])('[HTTP-8] leaves the old one in use, and is told once: %s', async (_, wrong, problem) => {
    const files = folder(good)
    const { tls, events } = tlsOf(files.paths)
    const port = await serve(tls)
    files.write(wrong)
    expect([await reload(tls), await reload(tls)]).toEqual(['failed', 'failed'])
    expect(await shown(port)).toBe(fingerprint(good))
    const { expiresAt } = tls.stats()
    const data = { problems: expect.arrayContaining([expect.stringMatching(problem)]), expiresAt }
    expect(events).toEqual([{ name: 'tls_reload_failed', severity: 'warn', at: expect.any(Number), data }])
    expect(inspect(events, { depth: 9 })).not.toMatch(/BEGIN|tls\.key/)
    files.write(next)
    expect(await reload(tls)).toBe('reloaded')
    expect(await shown(port)).toBe(fingerprint(next))
  })

  it('[HTTP-8] or that never rests is not taken', async () => {
    const files = folder(good)
    const { tls, events } = tlsOf(files.paths)
    files.write(next)
    expect(await reload(tls, () => files.write(serverCert()))).toBe('failed')
    expect(events).toMatchObject([{ name: 'tls_reload_failed', data: { problems: ['the files change all the time'] } }])
    expect(tls.stats().fingerprint256).toBe(fingerprint(good))
  })

  it('[HTTP-8] of a secret that fails is told without what it says', async () => {
    let fails = false
    const key = {
      bytes(): Uint8Array {
        if (fails) throw new Error(`cannot read ${good.key}`)
        return Buffer.from(good.key)
      },
    }
    const { tls, events } = tlsOf({ cert: good.cert, key })
    fails = true
    expect(await reload(tls)).toBe('failed')
    expect(events).toMatchObject([{ data: { problems: ['key: it cannot be read (unknown error)'] } }])
    fails = false
    expect(await reload(tls)).toBe('unchanged')
  })
})

it('[HTTP-8] the end of a certificate is told ahead, twice', async () => {
  const start = Date.now()
  let now = start
  const until = Math.floor((start + 30 * day) / 1000) * 1000
  const { tls, events } = tlsOf({ ...serverCert(until), now: () => now })
  expect(tls.stats().expiresAt).toBe(until)
  const severities: string[] = []
  for (const left of [15, 13, 12, 3, 1, 0.5]) {
    now = until - left * day
    await tls.reload()
    severities.push(events.map(({ severity }) => severity).join(' '))
  }
  expect(severities).toEqual(['', 'warn', 'warn', 'warn', 'warn critical', 'warn critical'])
  expect(events[0]).toEqual({
    name: 'tls_certificate_expiring',
    severity: 'warn',
    at: until - 13 * day,
    data: { fingerprint256: tls.stats().fingerprint256, expiresAt: until },
  })
})
