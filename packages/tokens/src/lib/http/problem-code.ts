/**
 * What problem documents say of tokens and sessions. A refusal that is ours to mend has its own code and 503.
 *
 * - `authentication_required`: 401. There is no access token, or it is not in the `Authorization` header.
 * - `invalid_token`: 401. The access token is not accepted; the server's log says why.
 * - `invalid_refresh_token`: 401. There is no refresh token, or it is not accepted: sign in again.
 * - `sign_in_refused`: 401. The sign-in was right, but no session begins: the account has gone or was logged out everywhere meanwhile.
 * - `session_not_revoked`: 503. The cookie is removed, but the store could not be told: the session may live on.
 */
export type SessionProblemCode =
  | 'authentication_required'
  | 'invalid_token'
  | 'invalid_refresh_token'
  | 'sign_in_refused'
  | 'session_not_revoked'
