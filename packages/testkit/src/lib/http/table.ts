import type { HttpCase } from './case.ts'
import { bodyCases } from './cases/bodies.ts'
import { bodyRuleCases } from './cases/body-rules.ts'
import { clientCases } from './cases/client.ts'
import { contextCases } from './cases/context.ts'
import { corsCases } from './cases/cors.ts'
import { csrfCases } from './cases/csrf.ts'
import { faultCases } from './cases/faults.ts'
import { headerCases } from './cases/headers.ts'
import { jsonBodyCases } from './cases/json-body.ts'
import { lifecycleCases } from './cases/lifecycle.ts'
import { secureHeaderCases } from './cases/secure-headers.ts'
import type { HostDifference, HttpHost } from './host.ts'
import { sorted } from './transcript.ts'

/**
 * What every adapter must do with every request, byte for byte.
 *
 * @see {@link runHttpCase}
 */
export const httpCases: readonly HttpCase[] = [
  ...contextCases,
  ...clientCases,
  ...headerCases,
  ...secureHeaderCases,
  ...lifecycleCases,
  ...bodyCases,
  ...jsonBodyCases,
  ...bodyRuleCases,
  ...corsCases,
  ...csrfCases,
  ...faultCases,
]

/** The table as one host is held to it. */
export interface HostTable {
  /** What is asked, with what this host is expected to say. */
  readonly cases: readonly HttpCase[]
  /** What it cannot be asked. */
  readonly unasked: readonly HostDifference[]
}

/**
 * The table of a host: its differences put in.
 *
 * @throws Error when a difference is of no case.
 */
export function tableOf(host: HttpHost): HostTable {
  const differences = new Map((host.differences ?? []).map((difference) => [difference.title, difference]))
  const cases = httpCases.flatMap((row): HttpCase[] => {
    const difference = differences.get(row.title)
    differences.delete(row.title)
    const expect = host.sortsHeaders === true ? sorted(row.expect) : row.expect
    if (difference === undefined) return [{ ...row, expect }]
    if (difference.instead === undefined) return []
    return [{ ...row, title: `${row.title} - not here: ${difference.because}`, expect: difference.instead(expect) }]
  })
  if (differences.size > 0) throw new Error(`${host.name}: no case is called "${[...differences.keys()].join('", "')}"`)
  return { cases, unasked: (host.differences ?? []).filter(({ instead }) => instead === undefined) }
}
