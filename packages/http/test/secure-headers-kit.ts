import { ConfigurationError } from '@wardstone/core'
import { secureHeaders, type Allowed, type HttpContext, type SecureHeadersOptions } from '@wardstone/http'
import { vi } from 'vitest'
import { context } from './context.ts'

/** What the guard sends: nothing in it waits, nothing in it refuses. */
export function allowed(options?: SecureHeadersOptions, ctx: HttpContext = context()): Allowed {
  const decision = secureHeaders(options)(ctx)
  if (decision instanceof Promise || !decision.ok) throw new Error('security headers allow, at once')
  return decision
}

/** What is sent, by name. Fails where a name stands twice. */
export function headersOf(options?: SecureHeadersOptions, ctx?: HttpContext): Readonly<Record<string, string>> {
  const { headers = [] } = allowed(options, ctx)
  const byName = Object.fromEntries(headers)
  if (Object.keys(byName).length !== headers.length) throw new Error('a header stands there twice')
  return Object.fromEntries(headers.filter(([, value]) => value !== ''))
}

/** The policy by directive. */
export function policyOf(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) throw new Error('no policy is sent')
  return Object.fromEntries(text.split('; ').map((part) => [part.split(' ', 1)[0], part.slice(part.indexOf(' ') + 1)]))
}

/** What is wrong with options, as `option: expected`. */
export function problemsOf(options: unknown): readonly string[] {
  try {
    secureHeaders(options as SecureHeadersOptions)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ option, expected }) => `${option}: ${expected}`)
    throw error
  }
  return []
}

/** The codes of the warnings while something runs. */
export function warnings(run: () => unknown): readonly unknown[] {
  const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
  run()
  const codes = emitted.mock.calls.map((call) => (call[1] as { readonly code?: unknown } | undefined)?.code)
  emitted.mockRestore()
  return codes
}
