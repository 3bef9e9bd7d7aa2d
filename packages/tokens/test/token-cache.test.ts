import { describe, expect, it } from 'vitest'
import { TokenCache } from '../src/lib/access/cache.ts'

const END = 'x'.repeat(32)

describe('TokenCache', () => {
  it('tells tokens apart that end alike', () => {
    const cache = new TokenCache<string>(10)
    cache.set(`ana.${END}`, 'ana')
    expect(cache.get(`ben.${END}`)).toBeUndefined()
    expect(cache.get(END)).toBeUndefined()
    expect(cache.get(`ana.${END}`)).toBe('ana')
  })

  it('remembers the later of two that end alike', () => {
    const cache = new TokenCache<string>(10)
    cache.set(`ana.${END}`, 'ana')
    cache.set(`ben.${END}`, 'ben')
    expect(cache.get(`ana.${END}`)).toBeUndefined()
    expect(cache.get(`ben.${END}`)).toBe('ben')
  })

  it('forgets the oldest of many, and no more than it must', () => {
    const cache = new TokenCache<number>(10)
    const tokenOf = (i: number): string => `token.${String(i).padStart(32, '0')}`
    for (let i = 0; i < 1000; i++) cache.set(tokenOf(i), i)
    const known = Array.from({ length: 1000 }, (_, i) => cache.get(tokenOf(i))).filter((value) => value !== undefined)
    expect(known.length).toBeGreaterThanOrEqual(10)
    expect(known.length).toBeLessThanOrEqual(20)
    expect(known.at(-1)).toBe(999)
  })
})
