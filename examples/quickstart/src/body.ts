import { problem, type HttpContext, type Reply } from '@wardstone/http'

/** Looks at one member of a body: its value, or the code of what is wrong with it. */
export type Check<T> = (value: unknown) => { readonly value: T } | { readonly code: string }

export interface BodyError {
  /** Where, as a JSON pointer. */
  readonly pointer: string
  readonly code: string
}

type Values<M> = { readonly [K in keyof M]: M[K] extends Check<infer T> ? T : never }
type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly BodyError[] }

/** Checks a body that has to be an object with these members and no others. */
export function object<M extends Readonly<Record<string, Check<unknown>>>>(members: M): (body: unknown) => Checked<Values<M>> {
  return (body) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      return { ok: false, errors: [{ pointer: '', code: 'expected_object' }] }
    }
    const given = new Map(Object.entries(body))
    const errors: BodyError[] = []
    const values: Record<string, unknown> = {}
    for (const [name, check] of Object.entries(members)) {
      const result = check(given.get(name))
      if ('code' in result) errors.push({ pointer: pointerTo(name), code: result.code })
      else values[name] = result.value
      given.delete(name)
    }
    for (const name of given.keys()) errors.push({ pointer: pointerTo(name), code: 'unknown_key' })
    return errors.length === 0 ? { ok: true, value: values as Values<M> } : { ok: false, errors: errors.slice(0, 20) }
  }
}

/** A text of so many characters that looks like the pattern. */
export function text(limits: { readonly min: number; readonly max: number; readonly pattern?: RegExp }): Check<string> {
  return (value) => {
    if (value === undefined) return { code: 'required' }
    if (typeof value !== 'string' || !value.isWellFormed()) return { code: 'expected_text' }
    if (value.length < limits.min) return { code: 'too_short' }
    if (value.length > limits.max) return { code: 'too_long' }
    return limits.pattern?.test(value) === false ? { code: 'wrong_format' } : { value }
  }
}

/** The same, or nothing at all. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value) => (value === undefined ? { value } : check(value))
}

/** Answers 422 with all that is wrong. */
export function invalidBody(ctx: HttpContext, errors: readonly BodyError[]): Reply {
  return problem(ctx, { status: 422, code: 'validation_failed', errors })
}

/** {@link https://www.rfc-editor.org/rfc/rfc6901#section-3 | RFC 6901 section 3} */
function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
