/**
 * The server could not be asked, or could not say whether the session lives. It may: try again, later. Code
 * `session_unavailable`.
 */
export class SessionUnavailableError extends Error {
  readonly code = 'session_unavailable'
  /** For how many milliseconds the server is left alone. */
  readonly retryAfterMs: number

  /** @param cause - what `fetch` threw, or the status of the answer */
  constructor(retryAfterMs: number, cause?: unknown) {
    super('session unavailable', { cause })
    this.retryAfterMs = retryAfterMs
  }
}
