import type { HeaderList } from './headers.ts'

/** A whole response as data. */
export interface Reply {
  readonly status: number
  readonly headers?: HeaderList | undefined
  /** Not sent in answer to `HEAD`, nor with 204 and 304. */
  readonly body?: string | Uint8Array | undefined
}

/** The request ends here: a refusal, a preflight, a redirect. */
export interface Refused {
  readonly ok: false
  readonly reply: Reply
  /** A literal in snake_case that says why, for metrics and tests. */
  readonly code?: string | undefined
  /** What in the request broke which rule, for whoever runs the application: `explain` tells it, the client never sees it. */
  readonly why?: string | undefined
  /** Set when it was no refusal but a fault: the adapter's error boundary then answers, and reports it. */
  readonly fault?: Fault | undefined
}

/** What went wrong on this side while a guard of several parts judged. */
export interface Fault {
  readonly error: unknown
  /** What the parts before asked for: the answer to a fault is a response like any other. */
  readonly headers: HeaderList
}
