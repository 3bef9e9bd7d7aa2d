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
}
