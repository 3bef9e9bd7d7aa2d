import { createPublicKey } from 'node:crypto'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import Router from '@koa/router'
import * as onExpress from '@wardstone/express'
import * as onFastify from '@wardstone/fastify'
import { ALLOW, deny, principalOf, type BaselineOptions, type Guard } from '@wardstone/http'
import * as onKoa from '@wardstone/koa'
import { createVerifier, jwksKeys, type Verifier } from '@wardstone/tokens'
import { bearer } from '@wardstone/tokens/http'
import cors from 'cors'
import express, { type Express, type RequestHandler } from 'express'
import { createVerifier as createFastJwtVerifier } from 'fast-jwt'
import { fastify } from 'fastify'
import helmet from 'helmet'
import type { JWK } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import Koa from 'koa'
import { AUDIENCE, ISSUER } from '../token-material.ts'

/** What every variant is told. */
export interface Settings {
  readonly jwk: JWK
  readonly pem: string
  /** What ours sends with every response, the request id excepted: who is bare sends the same. */
  readonly headers: Readonly<Record<string, string>>
}

type Made = RequestListener | { readonly server: Server; ready(): Promise<void> }

export const ORIGIN = 'https://app.example'
export const PATH = '/accounts/7'
const ROUTE = '/accounts/:id'

const BASELINE: BaselineOptions = { headers: { preset: 'api' }, cors: { origins: [ORIGIN] } }
const ANSWER = {
  id: '7',
  username: 'ana',
  displayName: 'Ana Prieto',
  bio: 'Sails.',
  followers: 1204,
  tags: ['sea', 'wind', 'wood'],
}

/** Who may: the same rule everywhere. */
const isUser = (roles: readonly string[]): boolean => roles.includes('user')
const authorize: Guard = (ctx) => (isUser(principalOf(ctx).roles) ? ALLOW : deny(ctx, { status: 403, code: 'forbidden' }))

/** Applications that answer one route with JSON: with nothing around it, with ours, with what is usually put together. */
export const variants = {
  'express, bare': ({ headers }: Settings): Made => {
    const app = bareExpress()
    app.use((_req, res, next) => {
      for (const name in headers) res.setHeader(name, headers[name] as string)
      next()
    })
    return app.get(ROUTE, answer)
  },
  'express, wardstone': (settings: Settings): Made => {
    const app = express()
    app.use(onExpress.baseline(BASELINE))
    app.get(ROUTE, onExpress.guard(bearer(verifierOf(settings)), authorize), answer)
    return app.use(onExpress.problems())
  },
  'express, assembled': ({ pem }: Settings): Made => {
    const key = createPublicKey(pem) // once: from the text, each verification would take twice as long
    return assembled((token) => jsonwebtoken.verify(token, key, { algorithms: ['RS256'], issuer: ISSUER, audience: AUDIENCE }))
  },
  'express, assembled with a cache': ({ pem }: Settings): Made =>
    assembled(
      createFastJwtVerifier({ key: pem, algorithms: ['RS256'], allowedIss: ISSUER, allowedAud: AUDIENCE, cache: 10_000 }),
    ),

  'fastify, bare': ({ headers }: Settings): Made => {
    const app = fastify()
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers)
      done()
    })
    app.get(ROUTE, () => ANSWER)
    return withReady(app)
  },
  'fastify, wardstone': (settings: Settings): Made => {
    const app = fastify()
    app.register(onFastify.baseline(BASELINE))
    app.register(onFastify.problems())
    app.get(ROUTE, { onRequest: onFastify.guard(bearer(verifierOf(settings)), authorize) }, () => ANSWER)
    return withReady(app)
  },

  'koa, bare': ({ headers }: Settings): Made => {
    const app = new Koa()
    app.use((ctx, next) => {
      ctx.set(headers)
      return next()
    })
    const router = new Router().get(ROUTE, (ctx) => void (ctx.body = ANSWER))
    return listenerOf(app.use(router.routes()))
  },
  'koa, wardstone': (settings: Settings): Made => {
    const app = new Koa()
    app.use(onKoa.baseline(BASELINE))
    app.use(onKoa.problems())
    const guarded = onKoa.guard(bearer(verifierOf(settings)), authorize)
    const router = new Router().get(ROUTE, guarded, (ctx) => void (ctx.body = ANSWER))
    return listenerOf(app.use(router.routes()))
  },
} as const satisfies Readonly<Record<string, (settings: Settings) => Made>>

export type VariantName = keyof typeof variants

const answer: RequestHandler = (_req, res) => void res.json(ANSWER)

function bareExpress(): Express {
  return express().disable('x-powered-by')
}

/** What teams put together themselves. */
function assembled(verify: (token: string) => unknown): Made {
  const signedIn: RequestHandler = (req, res, next) => {
    try {
      const header = req.headers.authorization ?? ''
      res.locals['claims'] = verify(header.slice('Bearer '.length))
      next()
    } catch {
      res.status(401).json({ code: 'invalid_token' })
    }
  }
  const mayRead: RequestHandler = (_req, res, next) => {
    const { roles } = res.locals['claims'] as { readonly roles: readonly string[] }
    if (isUser(roles)) next()
    else res.status(403).json({ code: 'forbidden' })
  }
  const app = bareExpress()
  app.use(helmet())
  app.use(cors({ origin: [ORIGIN], credentials: true, exposedHeaders: ['x-request-id'] }))
  return app.get(ROUTE, signedIn, mayRead, answer)
}

function verifierOf({ jwk }: Settings): Verifier<object> {
  return createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: jwksKeys({ keys: [jwk] }), revocation: 'none' })
}

function listenerOf(app: { callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void> }): RequestListener {
  const answers = app.callback()
  return (request, response) => void answers(request, response)
}

function withReady(app: { readonly server: Server; ready(): PromiseLike<unknown> }): Made {
  return { server: app.server, ready: async () => void (await app.ready()) }
}
