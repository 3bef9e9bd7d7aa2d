import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { localFetch, servePlain, serveTls } from './safe-fetch.ts'

/** Redirects every path but `/end`, and tells what came there. */
async function redirecting(status: number, to: (port: number) => string, hosts = ['a.test']) {
  const seen: Array<Pick<IncomingMessage, 'method' | 'headers'>> = []
  const port = await serveTls((request, response) => {
    if (request.url !== '/end') return void response.writeHead(status, { location: to(port) }).end()
    seen.push({ method: request.method, headers: request.headers })
    response.end('end')
  })
  const options = { hosts: hosts.map((host) => `${host}:${port}`) }
  return { port, seen, url: `https://a.test:${port}/`, options }
}

describe('a redirect', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'DELETE', 'DELETE'],
  ])('[HTTP-10] %i makes of %s a %s, whose body goes along or not', async (status, method, then) => {
    const { url, seen, options } = await redirecting(status, () => '/end')
    const body = method === 'HEAD' ? undefined : 'body'
    const headers = { authorization: 'Bearer x', ...(body && { 'content-type': 'text/plain' }) }
    await localFetch({ ...options, redirects: 1 })(url, { method, headers, body })
    const kept = method === then && body !== undefined
    expect(seen).toEqual([{ method: then, headers: expect.objectContaining({ authorization: 'Bearer x' }) }])
    expect([seen[0]?.headers['content-type'], seen[0]?.headers['content-length']]).toEqual(
      kept ? ['text/plain', '4'] : [undefined, undefined],
    )
  })

  it('[HTTP-10] to another origin takes no credentials, whatever they are called', async () => {
    const { url, seen, options } = await redirecting(307, (port) => `https://b.test:${port}/end`, ['a.test', 'b.test'])
    const headers = { authorization: 'Bearer x', cookie: 'a=1', 'x-api-key': 'y', accept: 'text/plain', 'content-type': 'a/b' }
    await localFetch({ ...options, redirects: 1 })(url, { method: 'POST', headers, body: 'body' })
    const names = Object.keys(seen[0]?.headers ?? {}).sort()
    expect(names).toEqual(['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'host'])
  })

  it.each([
    ['the metadata service', () => 'https://169.254.169.254/latest/meta-data'],
    ['the metadata service, spelled as a number', () => 'https://2852039166/'],
    ['a host that is not listed', (port: number) => `https://b.test:${port}/end`],
    ['another port', (port: number) => `https://a.test:${port + 1}/end`],
    ['a user name', (port: number) => `https://user:x@a.test:${port}/end`],
    ['a file', () => 'file:///etc/passwd'],
    ['nowhere', () => 'https://['],
    ['plain http', (port: number) => `http://a.test:${port}/end`],
  ])('[HTTP-10] to %s is not followed', async (_, to) => {
    const { url, options } = await redirecting(302, to)
    const asked = localFetch({ ...options, redirects: 5, insecure: true })(url)
    await expect(asked).rejects.toMatchObject({ code: 'outbound_redirect_refused', retryable: false })
  })

  it('[HTTP-10] to a listed name that leads to the metadata service by now is not followed', async () => {
    const { url, options, seen } = await redirecting(302, () => '/end')
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    const asked = localFetch({ ...options, redirects: 1 }, async () => answers.shift() ?? [])(url)
    await expect(asked).rejects.toMatchObject({ code: 'outbound_address_refused' })
    expect(seen).toEqual([])
  })

  it('[HTTP-10] into TLS is followed', async () => {
    const target = await serveTls((_request, response) => response.end('end'))
    const port = await servePlain(
      (_request, response) => void response.writeHead(301, { location: `https://a.test:${target}/` }).end(),
    )
    const safeFetch = localFetch({ hosts: [`a.test:${port}`, `a.test:${target}`], redirects: 1, insecure: true })
    expect(await (await safeFetch(`http://a.test:${port}/`)).text()).toBe('end')
  })

  it.each([0, 1, 5])('[HTTP-10] that leads to itself ends after %i', async (redirects) => {
    let asked = 0
    const port = await serveTls((_request, response) => {
      asked++
      response.writeHead(302, { location: '/' }).end()
    })
    const loop = localFetch({ hosts: [`a.test:${port}`], redirects })(`https://a.test:${port}/`)
    await expect(loop).rejects.toMatchObject({ code: 'outbound_redirect_refused' })
    expect(asked).toBe(redirects + 1)
  })

  it.each([300, 304, 305, 302])('[HTTP-10] is none without a place to go, or with status %i', async (status) => {
    const headers = status === 302 ? {} : { location: '/' }
    const port = await serveTls((_request, response) => void response.writeHead(status, headers).end())
    expect((await localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)).status).toBe(status)
  })
})
