import type { OptionReader } from '@wardstone/core'

/** What several parts of `baseline` have to know of the application. */
export interface Site {
  /** Where browsers reach the application, canonical: `https://app.example.com`. Never taken from a request. */
  readonly publicOrigins: readonly string[]
}

/** Reads what the parts share. */
export function readSite(o: OptionReader): Site {
  const expected = 'expected origins such as "https://app.example.com"'
  const isList = (v: unknown): boolean =>
    Array.isArray(v) && v.every((text) => URL.canParse(text) && new URL(text).origin === text)
  return { publicOrigins: o.value<readonly string[]>('publicOrigins', expected, isList) ?? [] }
}
