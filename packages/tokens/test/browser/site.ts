import type { ServerResponse } from 'node:http'
import { generateSecret, secretRing } from '@wardstone/core'
import { jsonReply, type Endpoint } from '@wardstone/http'
import { endpoint, guard, listener, type NodeHandler } from '@wardstone/http/node'
import { fakeClock, type FakeClock } from '@wardstone/testkit'
import { serve } from '@wardstone/testkit/http'
import { createKeySet, createTokenService, memoryStore, type TokenEvent, type TokenService } from '../../src/index.ts'
import { bearer, createSessionEndpoints } from '../../src/http.ts'
import { bundle } from './bundle.ts'

/** A site with sign-in, whose refreshes a test can count, hold up and let fail. */
export interface Site {
  readonly origin: string
  readonly clock: FakeClock
  readonly events: readonly TokenEvent[]
  /** Requests by path. */
  readonly count: Record<string, number>
  /** How many of the next refreshes are answered 503. */
  failing: number
  /** Serves the next refresh, and keeps its answer until it is let go. */
  hold(): { readonly held: Promise<void>; readonly release: () => void }
  /** Changes what the account may do: its access tokens are refused from now on. */
  changeClaims(): Promise<void>
  /** Makes the service anew, counts from 0. */
  reset(): void
  close(): Promise<void>
}

const APP = `
  import { createSessionClient } from '/client.js'
  window.told = []
  window.session = createSessionClient({ onSignedIn: () => told.push('in'), onSignedOut: () => told.push('out') })
  window.first = session.accessToken()
`
/** As applications do it that know nothing of other tabs. */
const NAIVE = `
  window.first = fetch('/auth/refresh', { method: 'POST' }).then((answer) => answer.json()).then((body) => body.accessToken)
`
/** A browser of before 2022, or a page that came over plain http. */
const OLD = `Object.defineProperty(navigator, 'locks', { value: undefined })`

export async function startSite(): Promise<Site> {
  const { code } = await bundle()
  const gates: { held(): void; release: Promise<void> }[] = []
  let events: TokenEvent[] = []
  let clock: FakeClock
  let tokens: TokenService<object>
  let routes: Record<string, readonly NodeHandler[]> = {}

  const site = {
    count: {} as Record<string, number>,
    failing: 0,
    get clock() {
      return clock
    },
    get events() {
      return events
    },
    hold() {
      const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      gates.push({ held: held.resolve, release: release.promise })
      return { held: held.promise, release: release.resolve }
    },
    changeClaims: () => tokens.refreshClaims('ana'),
    reset() {
      events = []
      clock = fakeClock()
      site.count = {}
      site.failing = gates.length = 0
      routes = make()
    },
  }

  function make(): typeof routes {
    tokens = createTokenService({
      issuer: 'https://site.test',
      audience: 'https://site.test',
      keys: createKeySet({ algorithm: 'EdDSA', now: clock.now }),
      secrets: secretRing({ current: generateSecret() }),
      store: memoryStore({ now: clock.now }),
      claims: () => ({}),
      now: clock.now,
      events: (event) => void events.push(event),
    })
    const sessions = createSessionEndpoints({ tokens, cookie: { secure: true } })
    const signedIn = guard(bearer(tokens))
    return {
      'GET /': [page('/app.js')],
      'GET /sign-in': [page()],
      'GET /naive': [page('/naive.js')],
      'GET /old': [page('/old.js', '/app.js')],
      'GET /app.js': [script(APP)],
      'GET /naive.js': [script(NAIVE)],
      'GET /old.js': [script(OLD)],
      'GET /client.js': [script(code)],
      'POST /auth/login': [endpoint((ctx) => sessions.begin(ctx, { sub: 'ana' }))],
      'POST /auth/refresh': [controlled, endpoint(sessions.refresh)],
      'POST /auth/confirm': [signedIn, endpoint(sessions.confirm)],
      'POST /auth/logout': [endpoint(sessions.logout)],
      'GET /me': [signedIn, endpoint(() => jsonReply(200, { id: 'ana' }))],
    }
  }

  const controlled: NodeHandler = (_request, response, next) => {
    if (site.failing > 0) {
      site.failing--
      response.writeHead(503, { 'retry-after': '5' }).end()
      return
    }
    const gate = gates.shift()
    if (gate) afterwards(response, gate)
    next()
  }

  const route: NodeHandler = (request, response, next) => {
    const path = request.url ?? ''
    site.count[path] = (site.count[path] ?? 0) + 1
    const chain = routes[`${request.method} ${path}`] ?? []
    const from = (at: number) => (error?: unknown) =>
      error || !chain[at] ? next(error) : chain[at](request, response, from(at + 1))
    from(0)()
  }

  site.reset()
  const running = await serve(listener([route]))
  return Object.assign(site, { origin: `http://app.localhost:${running.port}`, close: () => running.close() })
}

/** The answer is made, the session has moved on, but nothing is on the wire until it is let go. */
function afterwards(response: ServerResponse, gate: { held(): void; release: Promise<void> }): void {
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
  response.end = ((...args: unknown[]) => {
    gate.held()
    void gate.release.then(() => end(...args))
    return response
  }) as ServerResponse['end']
}

function page(...scripts: readonly string[]): NodeHandler {
  const tags = scripts.map((src) => `<script type="module" src="${src}"></script>`).join('')
  return reply({ type: 'text/html', body: `<!doctype html><title>App</title>${tags}` })
}

function script(body: string): NodeHandler {
  return reply({ type: 'text/javascript', body })
}

function reply({ type, body }: { readonly type: string; readonly body: string }): NodeHandler {
  const answer: Endpoint = () => ({ status: 200, headers: [['content-type', `${type}; charset=utf-8`]], body })
  return endpoint(answer)
}
