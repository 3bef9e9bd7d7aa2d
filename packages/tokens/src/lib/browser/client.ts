import { authorized } from './authorized.ts'
import { SessionUnavailableError } from './error.ts'
import { renewAfter, retryAfter } from './pace.ts'
import type { Page } from './page.ts'
import type { SessionClient, SessionClientOptions, SignIn } from './session-client.ts'
import { inTurn } from './turns.ts'

/** How long another tab that has a token gets to say so, before one is asked of the server. */
const ANSWER_MS = 50
/** The server is asked no longer than that, since other tabs wait. */
const TIMEOUT_MS = 10_000
/** A call of the application confirms as well, so it gets the chance to. */
const CONFIRM_MS = 1000

interface Token {
  readonly text: string
  /** When it was asked for: it may have been on its way for long. */
  readonly from: number
  readonly until: number
}

/**
 * What tabs tell each other. Tokens go along: the channel is of this origin alone and keeps nothing, and a script that can
 * listen could as well ask the server itself, since the cookie goes with its requests.
 */
type Message = readonly [
  kind: 'ask' | 'in' | 'out' | undefined,
  /** Counts sign-ins and sign-outs: what was sent before the last one is ignored. */
  epoch: number,
  token: Token | undefined,
  failures: number,
  notBefore: number,
]

function nothing(): undefined {}

/** One tab's view of the session. A closure, since the names in a class would not fit into 2 KB. */
export function clientOf(options: SessionClientOptions, page: Page): SessionClient {
  const { refreshUrl = '/auth/refresh', confirmUrl = '/auth/confirm', logoutUrl = '/auth/logout' } = options
  const { fetch = globalThis.fetch, leadTime, origins = [], onSignedIn, onSignedOut } = options
  const { after, href, now, random } = page
  const name = `wardstone:v1:${new URL(refreshUrl, href).href}`
  const channel = page.channel(name)
  const life = new AbortController()
  const bornAt = now()

  let token: Token | undefined
  /** Unknown until a token is there, or the server has said that there is none. */
  let isIn: boolean | undefined
  let epoch = 0
  /** Counts what makes a refresh that is on its way meaningless. The epoch will not do: a tab learns it from others, late. */
  let turn = 0
  /** The last token that an API did not accept: other tabs may still believe in it. */
  let refused: string | undefined
  let failures = 0
  let notBefore = 0
  let renewing: Promise<string | undefined> | undefined
  let heard: () => unknown = nothing
  let cancelRenewal: () => void = nothing
  let cancelConfirmation: () => void = nothing

  /** The token, if it has some life left. */
  function usable(): string | undefined {
    return token && now() < token.until ? token.text : undefined
  }

  async function accessToken(): Promise<string | undefined> {
    return isIn === false ? undefined : (usable() ?? renew())
  }

  /** Renews the token, unless another tab has done so when it is our turn. */
  function renew(): Promise<string | undefined> {
    const before = token
    const turnBefore = turn
    const isSettled = (): boolean => turn !== turnBefore || (token !== undefined && token !== before)
    return (renewing ??= inTurn(page, name, () => refresh(isSettled))
      .then(() => token?.text)
      .finally(() => {
        renewing = undefined
        schedule()
      }))
  }

  async function refresh(isSettled: () => boolean): Promise<void> {
    // Other tabs have had the time to hand over their token.
    await new Promise<void>((resolve) => {
      after(bornAt + ANSWER_MS - now(), resolve)
      heard = () => isSettled() && resolve()
    })
    const from = now()
    if (isSettled()) return
    if (from < notBefore) throw new SessionUnavailableError(notBefore - from)
    let answer: Response | undefined
    try {
      answer = await post(refreshUrl, undefined, page.timeout(TIMEOUT_MS))
      const { accessToken: text, expiresIn } = answer.ok ? ((await answer.json()) as Partial<SignIn>) : {}
      // What arrives after another tab's is older; after a sign-out it is nothing at all.
      if (isSettled()) return
      if (answer.status === 401) end()
      else if (text && expiresIn) store(text, from, expiresIn)
      else throw answer.status
    } catch (cause) {
      if (isSettled()) return
      const delay = retryAfter(++failures, answer?.headers.get('retry-after'), random())
      notBefore = now() + delay
      tell()
      throw new SessionUnavailableError(delay, cause)
    }
  }

  /** Keeps a new token, tells the other tabs, and soon the server that it has arrived. */
  function store(text: string, from: number, expiresIn: number, kind?: 'in'): void {
    take({ text, from, until: from + expiresIn * 1000 })
    tell(kind)
    if (confirmUrl) cancelConfirmation = after(CONFIRM_MS, () => post(confirmUrl, text).catch(nothing))
  }

  function take(newer: Token): void {
    token = newer
    isIn = true
    failures = notBefore = 0
    cancelConfirmation()
    schedule()
  }

  /** The session is over: what is on its way is ignored. */
  function end(): void {
    epoch++
    leave()
    tell('out')
  }

  function leave(): void {
    if (isIn && onSignedOut) queueMicrotask(onSignedOut)
    turn++
    isIn = false
    token = undefined
    cancelConfirmation()
    cancelRenewal()
  }

  function post(url: string, bearer?: string, signal: AbortSignal | null = null): Promise<Response> {
    return fetch(new URL(url, href), {
      method: 'POST',
      cache: 'no-store',
      credentials: 'include', // where the cookie is for another origin; for the page's own it is no more than the default
      redirect: 'error',
      keepalive: true, // the page may be left right after: the cookie arrives all the same
      headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
      signal,
    })
  }

  function tell(kind?: Message[0]): void {
    const message: Message = [kind, epoch, usable() ? token : undefined, failures, notBefore]
    channel.postMessage(message)
  }

  function hear([kind, theirEpoch, theirs, ...pause]: Message): void {
    if (kind === 'ask') return tell()
    if (theirEpoch < epoch) return
    const isNewer = theirEpoch > epoch
    epoch = theirEpoch
    ;[failures, notBefore] = pause
    if (kind === 'out') {
      if (isNewer) leave()
    } else if (theirs && theirs.text !== refused && (isNewer || theirs.until > (token?.until ?? 0))) {
      if ((kind || isIn === false) && onSignedIn) queueMicrotask(onSignedIn)
      take(theirs)
    }
    heard()
  }

  /** Renews the token in time while the page is looked at; one that is hidden gets its token when it asks. */
  function schedule(): void {
    cancelRenewal()
    if (!token || page.hidden()) return
    const { from, until } = token
    const at = Math.max(from + renewAfter(until - from, leadTime, random()), notBefore)
    // No timer of a browser waits for longer than 25 days.
    cancelRenewal = after(Math.min(at - now(), 2e9), () => renew().catch(nothing))
  }

  channel.onmessage = ({ data }) => hear(data as Message)
  page.on(({ type }) => {
    // With the network all clients of an office come back at once.
    if (type === 'online') notBefore = now() + 1000 * random()
    schedule()
  }, life.signal)
  tell('ask')

  return {
    accessToken,

    fetch: authorized(
      [href, ...origins].map((url) => new URL(url).origin),
      fetch,
      accessToken,
      (text) => {
        if (token?.text === text) token = undefined
        refused = text
        return accessToken().catch(nothing)
      },
      () => cancelConfirmation(),
    ),

    signedIn({ accessToken: text, expiresIn }) {
      turn++
      epoch++
      store(text, now(), expiresIn, 'in')
    },

    async signOut() {
      const text = token?.text
      end()
      try {
        // At once, whoever holds the lock; but a tab that is opened meanwhile waits, and does not refresh what is about to end.
        const { ok, status } = await inTurn(page, name, () => post(logoutUrl, text), true)
        if (!ok) throw status
      } catch (cause) {
        throw new SessionUnavailableError(0, cause)
      }
    },

    close() {
      life.abort()
      channel.close()
      isIn = false // over for this tab, which is told to nobody
      leave()
    },
  }
}
