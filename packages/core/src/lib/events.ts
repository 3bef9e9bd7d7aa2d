import { forget } from './thenable.ts'

/** How much attention an event asks for. `critical` wakes somebody. */
export type Severity = 'info' | 'warn' | 'critical'

/** What is known of the client behind a call: the last argument of every verb that emits. */
export interface ClientFacts {
  /** The client's address, as decided by `trustedProxies`. */
  readonly ip?: string | undefined
  /** The `User-Agent` header, at most 256 characters of it are kept. */
  readonly userAgent?: string | undefined
  /** The id of the request, for joining with logs. */
  readonly requestId?: string | undefined
}

/**
 * The envelope of everything that Wardstone reports. Names follow the OWASP logging vocabulary; each package declares
 * the union of its own. Events never hold a token, a key or a password.
 *
 * @typeParam N - the literal name
 * @typeParam D - what the name carries
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html | OWASP Logging Vocabulary}
 */
export interface SecurityEvent<N extends string = string, D = unknown> {
  readonly name: N
  readonly severity: Severity
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  /** The account that it is about. */
  readonly subject?: string | undefined
  /** The session that it is about. */
  readonly sid?: string | undefined
  readonly client?: ClientFacts | undefined
  readonly data: D
}

/** Receives events. May be asynchronous; whatever it throws is swallowed. */
export type EventSink<E extends SecurityEvent = SecurityEvent> = (event: E) => void | Promise<void>

/**
 * Makes the function through which a service reports: a sink that throws, at once or later, never harms the caller.
 *
 * @example
 * ```ts
 * import { emitter, type SecurityEvent } from '@wardstone/core'
 *
 * const emit = emitter<SecurityEvent<'door_opened', { door: number }>>((event) => console.log(event.name))
 * emit({ name: 'door_opened', severity: 'info', at: Date.now(), data: { door: 1 } })
 * ```
 */
export function emitter<E extends SecurityEvent>(sink: EventSink<E> | undefined): (event: E) => void {
  if (sink === undefined) return () => {}
  return (event) => {
    try {
      forget(sink(event))
    } catch {
      // Reporting is never a reason to fail what is reported.
    }
  }
}
