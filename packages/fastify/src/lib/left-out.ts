import { requestIdKey } from '@wardstone/http'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { contextOf } from './context.ts'

/** Where an instance keeps the hook of its `baseline`; those below inherit it. */
const HOOK: unique symbol = Symbol('wardstone.baseline')

interface Carrier {
  [HOOK]?: onRequestHookHandler
}

/** Leaves `baseline` for requests that Fastify runs no hooks for. */
export function leaveBaseline(instance: FastifyInstance, hook: onRequestHookHandler): void {
  const carrier: FastifyInstance & Carrier = instance
  carrier[HOOK] = hook
}

/**
 * Lets `baseline` judge a request that came without hooks: over HTTP/2, Fastify does so with methods that no router knows. What
 * it refuses, it answers.
 */
export function afterBaseline(request: FastifyRequest, reply: FastifyReply, answer: () => void): void {
  const { [HOOK]: hook } = request.server as FastifyInstance & Carrier
  if (hook === undefined || contextOf(request).state.get(requestIdKey) !== undefined) answer()
  else hook.call(request.server, request, reply, answer)
}
