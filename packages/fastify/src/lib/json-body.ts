import { Transform, type Readable } from 'node:stream'
import { hasBody, jsonRules, type JsonBodyOptions } from '@wardstone/http'
import { chunksOf } from '@wardstone/http/node'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { contextOf } from './context.ts'
import { plugin } from './plugin.ts'
import { sendReply } from './reply.ts'
import { skipBody } from './skip-body.ts'

/**
 * Parses bodies of JSON in Fastify's own way, set up so that it takes nothing else: another type, another charset or a
 * compressed body is a 415, one above the limit a 413 as soon as that shows, malformed, poisoned or too deeply nested JSON a 400.
 * What comes with `GET` and `HEAD` is not looked at. Handlers find the value in `request.body`, which is `undefined` without a body.
 *
 * A plugin for the instance on which it is registered, before its routes. It removes the parsers that are there; a type that gets a
 * parser afterwards, such as `multipart/form-data`, comes in where that parser stands. The option `bodyLimit` of a route goes before
 * `limit`.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, jsonBody, problems } from '@wardstone/fastify'
 * import { fastify } from 'fastify'
 *
 * // Fastify waits for a request without end unless told otherwise; Node by itself gives up after five minutes.
 * const app = fastify({ requestTimeout: 300_000 })
 * app.register(baseline({ bodyLimit: Number(process.env.MAX_REQUEST_SIZE_BYTES ?? 1_048_576) }))
 * app.register(problems())
 * app.register(jsonBody({ limit: 65_536 }))
 * app.register(async (routes) => {
 *   routes.post('/posts', async (request, reply) => reply.code(201).send(request.body))
 * })
 * ```
 */
export function jsonBody(options?: JsonBodyOptions): FastifyPluginCallback {
  const rules = jsonRules(options)
  return plugin('@wardstone/fastify/json-body', (instance) => {
    instance.removeAllContentTypeParsers()
    // As bytes: of what is no UTF-8, Fastify's text has nothing left to find.
    instance.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: rules.limit },
      (request, body: Buffer, done) => {
        if (rules.isNone(contextOf(request), body.length)) return done(null, undefined)
        let value: unknown
        try {
          value = rules.parse(body)
        } catch (error) {
          rules.refuse(contextOf(request), 'malformed', error instanceof Error ? error.message : '')
          return done(clientError(400))
        }
        done(null, value)
      },
    )
    instance.addHook('preParsing', function wardstoneJsonBody(request, reply, payload, done) {
      const ctx = contextOf(request)
      const refused = hasParser(request) ? undefined : rules.requireJson(ctx)
      if (refused !== undefined) return sendReply(reply, refused.reply)
      if (!hasBody(ctx)) {
        skipBody(request)
        return done(null, payload)
      }
      if (request.headers['content-type'] === undefined) {
        // Over HTTP/2 only its bytes tell that there is a body, and Fastify would leave them.
        bringsNothing(payload)
          .then((nothing) => {
            const untyped = nothing ? undefined : rules.requireJson(ctx, true)
            if (untyped !== undefined) return sendReply(reply, untyped.reply)
            skipBody(request)
            done(null, payload)
          })
          .catch(done)
        return
      }
      // Who goes away in the middle is nobody's fault here; Fastify gives that error a status, and no sign whose it is.
      payload.once('error', (error) => Object.assign(error, { expose: true }))
      const own = Math.max(rules.limit, request.routeOptions.bodyLimit ?? 0)
      const limit = rules.limitOf(ctx, own)
      if (limit === own) return done(null, payload)
      const tooLarge = (): Error => {
        rules.refuse(ctx, 'too_large', 'it has come')
        return clientError(413)
      }
      done(null, limited(payload, limit, tooLarge))
    })
  })
}

/** Whether a body ends without a byte, or without its client. */
async function bringsNothing(body: Readable): Promise<boolean> {
  try {
    for await (const _ of chunksOf(body)) return false
  } catch {
    // The client went away in the middle.
  }
  return true
}

/** Whether the application has added a parser for what comes, which then is not for us to judge. */
function hasParser(request: FastifyRequest): boolean {
  const type = request.headers['content-type']
  if (type === undefined) return false
  const end = type.indexOf(';')
  const essence = (end < 0 ? type : type.slice(0, end)).trim().toLowerCase()
  return essence !== 'application/json' && essence !== '' && request.server.hasContentTypeParser(essence)
}

/** An error whose status the error boundary believes. */
function clientError(statusCode: 400 | 413): Error {
  return Object.assign(new Error('The body was refused'), { statusCode, expose: true })
}

/** A body that fails once it is larger. What it comes from is left unread: to destroy it would take the answer with it. */
function limited(body: Readable, limit: number, error: () => Error): Readable {
  let size = 0
  const gate = new Transform({
    transform(chunk: Uint8Array, _encoding, pass) {
      size += chunk.length
      if (size > limit) pass(error())
      else pass(null, chunk)
    },
  })
  body.once('error', (reason) => gate.destroy(reason))
  return body.pipe(gate)
}
