import { cors } from '@wardstone/http'
import { describe, expect, test } from 'vitest'
import { EVIL, example, EXAMPLE, page, rows, says } from './cors-peer-rows.ts'
import { difference, get, ours, theirs } from './cors-peer.ts'

describe('cors 2.8', () => {
  test.each(rows)('[HTTP-2] $title', async ({ ask, differs = {}, because = '', ...row }) => {
    const found = difference(await theirs(row.theirs, ask), await ours(row.ours, ask))
    expect(found, because).toEqual(differs)
    expect(because !== '', 'a difference has a reason').toBe(Object.keys(differs).length > 0)
    if (!because.startsWith('stricter')) return
    const grants = Object.entries(found).filter(
      ([name, [, mine]]) => name.startsWith('access-control-allow-') && mine !== undefined,
    )
    expect(grants, 'granted more').toEqual([])
  })

  test('[HTTP-2] all of its 39 documented behaviours have a row', () => {
    expect(new Set(rows.map(({ title }) => title)).size).toBe(39)
  })
})

describe('what cors 2.8 does, and this must not', () => {
  // expressjs/cors#408 and #422: the documentation's own expression has no anchor.
  test('[HTTP-2] a suffix is no domain', async () => {
    const evil = get('https://evil-example.com')
    expect(await theirs({ origin: /example\.com$/ }, evil)).toHaveProperty('access-control-allow-origin')
    expect(await ours({ origins: [EXAMPLE, 'https://*.example.com'] }, evil)).not.toHaveProperty('access-control-allow-origin')
    expect(() => cors({ origins: [/example\.com$/] as never })).toThrow(/origins\[0\]/)
  })

  test('[HTTP-2] an expression with the flag g remembers, and every other request is refused', async () => {
    const origin = /^https:\/\/request\.com$/g
    const [first, second] = [await theirs({ origin }, get()), await theirs({ origin }, get())]
    expect([first, second].map((answer) => 'access-control-allow-origin' in answer)).toEqual([true, false])
    expect(await ours(page, get())).toEqual(await ours(page, get()))
  })

  test('[HTTP-2] what is not said to vary is kept by caches for everybody', async () => {
    expect(await theirs(says(false), get())).not.toHaveProperty('vary')
    expect(await ours(example, get())).toHaveProperty('vary', 'origin')
  })

  test('[HTTP-2] everybody and credentials are sent together, and reflected where that does not work', async () => {
    expect(await theirs({ credentials: true }, get(EVIL))).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'true',
    })
    const reflected = await theirs({ origin: true, credentials: true }, get(EVIL))
    expect(reflected).toMatchObject({ 'access-control-allow-origin': EVIL, 'access-control-allow-credentials': 'true' })
    expect(() => cors({ origins: ['*'], credentials: true })).toThrow(/credentials: false/)
    expect(() => cors({ origins: true as never })).toThrow(/a list of origins/)
  })

  // expressjs/cors#156
  test('[HTTP-2] null is taken for an origin', async () => {
    expect(await theirs({ origin: ['null'], credentials: true }, get('null'))).toHaveProperty(
      'access-control-allow-origin',
      'null',
    )
    expect(() => cors({ origins: ['null'] })).toThrow(/sandboxed frames/)
  })
})
