import { WardstoneError } from '@wardstone/core'

/** The application's claims could not be loaded, so no access token was made. Code `claims_unavailable`, retryable. */
export class ClaimsUnavailableError extends WardstoneError<'claims_unavailable'> {
  readonly code = 'claims_unavailable'

  constructor(cause: unknown) {
    super('the claims of the subject could not be loaded', { retryable: true, cause })
  }
}

/** The application's claims cannot go into a token. Code `claims_not_allowed`. */
export class ClaimsNotAllowedError extends WardstoneError<'claims_not_allowed'> {
  readonly code = 'claims_not_allowed'

  constructor(why: string) {
    super(`claims: ${why}`)
  }
}

/**
 * A refresh token was to be revoked that is signed with a secret unknown to this process, as in the middle of a rolling
 * deploy: whether its session lives cannot be said. Code `refresh_key_unknown`, retryable.
 */
export class RefreshKeyUnknownError extends WardstoneError<'refresh_key_unknown'> {
  readonly code = 'refresh_key_unknown'

  constructor() {
    super('the refresh token is signed with a secret that this process does not know', { retryable: true })
  }
}
