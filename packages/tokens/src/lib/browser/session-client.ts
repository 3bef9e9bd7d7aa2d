/** Options of {@link createSessionClient}. Addresses are relative to the page. */
export interface SessionClientOptions {
  /** Where `sessions.refresh` is. Default `/auth/refresh`. */
  readonly refreshUrl?: string | undefined
  /**
   * Where `sessions.confirm` is; `false` if each of your pages makes a call that is behind `bearer` soon after it is opened
   * and now and then afterwards. Default `/auth/confirm`.
   */
  readonly confirmUrl?: string | false | undefined
  /** Where `sessions.logout` is. Default `/auth/logout`. */
  readonly logoutUrl?: string | undefined
  /** Other origins that get the access token, such as `https://api.example`. Default: none, only the page's own. */
  readonly origins?: readonly string[] | undefined
  /**
   * How long before its end an access token is renewed, in milliseconds; up to half as much earlier at random. Default a
   * fifth of its life, at most half.
   */
  readonly leadTime?: number | undefined
  /** Default: the browser's own. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** The session is over, by a logout or otherwise, in this tab or another: show the sign-in. Called in every tab. */
  readonly onSignedOut?: (() => void) | undefined
  /** Somebody has signed in in another tab, perhaps somebody else: load anew what the page shows. */
  readonly onSignedIn?: (() => void) | undefined
}

/** What a sign-in answers; there may be more in it. */
export interface SignIn {
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
}

/** The session of this browser, as one tab sees it. */
export interface SessionClient {
  /**
   * The access token, a new one if it is over; `undefined` if nobody is signed in. Many calls at once are one request, in all
   * tabs together. For what `fetch` does not do, such as a WebSocket.
   *
   * @throws {@link SessionUnavailableError} `session_unavailable`, when there is no token and the server does not answer
   */
  readonly accessToken: () => Promise<string | undefined>
  /**
   * `fetch`, with the access token where the request goes to the page's origin or a listed one. When that is not accepted,
   * gets a new one and tries again, once; not if the body is a stream, which can be sent only once. Can be handed to
   * libraries that take a `fetch`.
   *
   * @throws {@link SessionUnavailableError} `session_unavailable`, when there is no token and the server does not answer
   */
  readonly fetch: (...request: Parameters<typeof globalThis.fetch>) => Promise<Response>
  /** Takes what the sign-in answered, for all tabs. */
  signedIn(answer: SignIn): void
  /**
   * Signs out, in all tabs at once and then at the server. If that fails, the server still has the session and the browser
   * its cookie: say so, and let the user try again.
   *
   * @throws {@link SessionUnavailableError} `session_unavailable`, when the server has not said that the session is over
   */
  signOut(): Promise<void>
  /** Stops, and forgets the token in this tab. */
  close(): void
}
