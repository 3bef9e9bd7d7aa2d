import { emitter, type EventSink, type Now, type OptionReader } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import { parseOrigin } from './cors/origin.ts'
import type { CrossOriginData, HttpEvent } from './events.ts'

/** What several parts of `baseline` share. */
export interface SiteOptions {
  /** Where browsers reach the application: `https://app.example.com`, without a path. Default: nowhere is known. */
  readonly publicOrigins?: readonly string[] | undefined
  /** Gets what a security team wants to know. */
  readonly events?: EventSink<HttpEvent> | undefined
  /** The clock, for the time of events. Default `Date.now`. */
  readonly now?: Now | undefined
}

type WithoutTime<E> = E extends HttpEvent ? Omit<E, 'at'> : never

/** What several parts of `baseline` have to know of the application. */
export interface Site {
  /** Where browsers reach the application, canonical: `https://app.example.com`. Never taken from a request. */
  readonly publicOrigins: readonly string[]
  /** Whether an `Origin` header names the application itself. */
  isOwn(origin: string): boolean
  /** Reports an event of now. */
  report(event: WithoutTime<HttpEvent>): void
}

/** Reads what the parts share. */
export function readSite(o: OptionReader): Site {
  const publicOrigins = readPublicOrigins(o)
  const own: ReadonlySet<string> = new Set(publicOrigins)
  const sink = o.callback<EventSink<HttpEvent> | undefined>('events')
  const now = o.callback<Now | undefined>('now') ?? Date.now
  const emit = emitter(sink)
  return {
    publicOrigins,
    isOwn: (origin) => own.has(origin),
    report: sink === undefined ? () => {} : (event) => emit({ ...event, at: now() } as HttpEvent),
  }
}

function readPublicOrigins(o: OptionReader): readonly string[] {
  const expected = 'expected a list of origins such as ["https://app.example.com"]'
  const given = o.value<readonly unknown[]>('publicOrigins', expected, Array.isArray)
  if (!Array.isArray(given)) return []
  return (given as readonly unknown[]).flatMap((entry, at) => {
    const parsed = parseOrigin(entry)
    const wrong = typeof parsed === 'string' ? parsed : parsed.wildcard ? 'expected one origin, not a wildcard' : undefined
    if (wrong !== undefined) o.problem(`publicOrigins[${at}]`, wrong)
    return typeof parsed === 'string' ? [] : [parsed.text]
  })
}

const ORIGIN = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+)$/i

/** What events and explanations tell of a refused request from elsewhere. */
export function crossOriginData(ctx: HttpContext): CrossOriginData {
  const origin = ctx.header('origin')?.slice(0, 256)
  return { origin: origin !== undefined && ORIGIN.test(origin) ? origin : undefined, method: ctx.method, route: ctx.route }
}

/** A header as an explanation may quote it. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 128 ? `${value.slice(0, 128)}…` : value)
}
