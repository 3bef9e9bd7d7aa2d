import type { IncomingMessage } from 'node:http'
import { baseline, endpoint, guard, problems } from '@wardstone/express'
import { cspNonce, jsonReply, type BaselineOptions, type Endpoint } from '@wardstone/http'
import { serve, type RunningHost } from '@wardstone/testkit/http'
import { createTokenService } from '@wardstone/tokens'
import { bearer, createSessionEndpoints } from '@wardstone/tokens/http'
import express from 'express'

/** A bank of the worst kind: signed in by cookie alone, so that only what stands before it protects it. */
export interface Bank extends RunningHost {
  readonly origin: string
  readonly seen: { transfers: number; refreshes: number }
}

/** @param host - a name below localhost, which browsers resolve to this machine and trust like https */
export async function startBank(host: string, options: BaselineOptions = {}): Promise<Bank> {
  const seen = { transfers: 0, refreshes: 0 }
  const tokens = createTokenService({ issuer: 'https://bank.test', audience: 'https://bank.test', claims: () => ({}) })
  const sessions = createSessionEndpoints({ tokens, cookie: { secure: true, sameSite: 'lax' } })
  const signIn: Endpoint = (ctx) => sessions.begin(ctx, { sub: 'ana' })

  const app = express()
  app.use(baseline(options))
  app.get('/', endpoint(page('<h1>Bank</h1>')))
  app.get('/nonce', endpoint(scripts))
  app.post('/auth/login', endpoint(signIn))
  app.post(
    '/auth/refresh',
    (_req, _res, next) => {
      seen.refreshes++
      next()
    },
    endpoint(sessions.refresh),
  )
  app.post('/transfer', (_req, res) => void (seen.transfers++, res.send('transferred')))
  app.get(
    '/balance',
    endpoint((ctx) => jsonReply(200, { balance: ctx.cookie('__Host-refresh') === undefined ? 0 : 4200 })),
  )
  app.get(
    '/me',
    guard(bearer(tokens)),
    endpoint(() => jsonReply(200, {})),
  )
  app.use(problems({ report: () => {} }))
  const running = await serve(app)
  return { ...running, origin: `http://${host}:${running.port}`, seen }
}

/** Pages of somebody else: whatever HTML is asked for by the query. */
export async function startOther(host: string): Promise<RunningHost & { pageUrl(html: string): string }> {
  const running = await serve((request: IncomingMessage, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(new URL(request.url ?? '/', 'http://x').searchParams.get('html') ?? '')
  })
  return { ...running, pageUrl: (html) => `http://${host}:${running.port}/?html=${encodeURIComponent(html)}` }
}

function page(html: string): Endpoint {
  return () => ({ status: 200, headers: [['content-type', 'text/html; charset=utf-8']], body: `<!doctype html>${html}` })
}

/** One script with the nonce of this response, one that an attacker has put in. */
const scripts: Endpoint = (ctx) =>
  page(`<script>window.injected = true</script><script nonce="${cspNonce(ctx)}">window.ours = true</script>`)(ctx, undefined)
