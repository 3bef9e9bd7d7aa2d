import { ConfigurationError } from '@wardstone/core'
import { describe, expect, it } from 'vitest'
import { createSessionEndpoints, type RefreshCookieOptions } from '../src/http.ts'
import { cookieOf, inProduction, request } from './kit/http.ts'
import { kit } from './kit/service.ts'

const endpoints = (cookie?: RefreshCookieOptions) => {
  const k = kit()
  return { ...k, http: createSessionEndpoints({ tokens: k.tokens, cookie }) }
}

const WEEK = 604_800

describe('the refresh cookie', () => {
  it.each<[string, RefreshCookieOptions | undefined, string, string[]]>([
    ['in development', undefined, 'refresh', ['HttpOnly', 'Path=/', 'SameSite=Strict']],
    ['in development over TLS', { secure: true }, '__Host-refresh', ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']],
    ['for pages of a server', { sameSite: 'lax' }, 'refresh', ['HttpOnly', 'Path=/', 'SameSite=Lax']],
  ])('[TOK-12] %s: is set and cleared with the same attributes', async (_name, options, name, attributes) => {
    const { http } = endpoints(options)
    const set = cookieOf(await http.begin(request(), { sub: 'ana' }))
    expect(set).toEqual({
      name,
      value: expect.stringMatching(/^wrt_[\w-]+$/) as string,
      attributes: [...attributes, `Max-Age=${WEEK}`].toSorted(),
    })
    const cleared = cookieOf(await http.logout(request({ cookies: { [name]: set?.value ?? '' } }), undefined))
    expect(cleared).toEqual({ name, value: '', attributes: [...attributes, 'Max-Age=0'].toSorted() })
  })

  it('[TOK-12] in production is HttpOnly, Secure, Strict and bound to the host by its prefix', async () => {
    const { http } = await inProduction(() => endpoints())
    const set = cookieOf(await http.begin(request(), { sub: 'ana' }))
    expect(set?.name).toBe('__Host-refresh')
    expect(set?.attributes).toEqual(['HttpOnly', `Max-Age=${WEEK}`, 'Path=/', 'SameSite=Strict', 'Secure'])
  })

  it('[TOK-12] has a name of its own where two applications share a host', async () => {
    const { http } = endpoints({ secure: true, name: 'admin' })
    expect(cookieOf(await http.begin(request(), { sub: 'ana' }))?.name).toBe('__Host-admin')
    expect(() => endpoints({ name: 'a=b' })).toThrow(/cookie\.name/)
  })

  it('[TOK-12] says aloud when it goes without TLS because nobody said otherwise', async () => {
    const codes: unknown[] = []
    const listen = (warning: Error & { code?: string }) => void codes.push(warning.code)
    await new Promise(setImmediate) // what earlier tests said is out
    process.on('warning', listen)
    endpoints({ secure: false })
    await new Promise(setImmediate)
    expect(codes).toEqual([])
    endpoints()
    await new Promise(setImmediate)
    process.off('warning', listen)
    expect(codes).toEqual(['WARDSTONE_INSECURE_COOKIE'])
  })

  it('[TOK-12] cannot be sent without TLS in production', async () => {
    await expect(inProduction(() => endpoints({ secure: false }))).rejects.toThrow(/cookie\.secure/)
  })

  it('[TOK-12] takes no other options', () => {
    expect(() => endpoints({ sameSite: 'none' } as unknown as RefreshCookieOptions)).toThrow(ConfigurationError)
    expect(() => endpoints({ samesite: 'lax' } as unknown as RefreshCookieOptions)).toThrow(/did you mean sameSite/)
    expect(() => createSessionEndpoints({} as never)).toThrow(/tokens: required/)
  })

  it('[TOK-12] lives as long as its token, up to the absolute end', async () => {
    const { http, clock } = endpoints()
    let cookie = cookieOf(await http.begin(request(), { sub: 'ana' }))
    const ages: (string | undefined)[] = []
    for (let i = 0; i < 5; i++) {
      clock.advance('6d')
      if (i === 4) clock.rewind('1h')
      cookie = cookieOf(await http.refresh(request({ cookies: { refresh: cookie?.value ?? '' } }), undefined))
      ages.push(cookie?.attributes.find((attribute) => attribute.startsWith('Max-Age')))
    }
    expect(ages).toEqual([WEEK, WEEK, WEEK, 6 * 86_400, 3_600].map((seconds) => `Max-Age=${seconds}`))
  })

  it('[TOK-12] of the other mode is not looked at', async () => {
    const { http } = endpoints({ secure: true })
    const set = cookieOf(await http.begin(request(), { sub: 'ana' }))
    expect((await http.refresh(request({ cookies: { refresh: set?.value ?? '' } }), undefined)).status).toBe(401)
    expect((await http.refresh(request({ cookies: { '__Host-refresh': set?.value ?? '' } }), undefined)).status).toBe(200)
  })
})
