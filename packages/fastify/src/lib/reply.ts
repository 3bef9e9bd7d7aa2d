import type { Reply } from '@wardstone/http'
import { addHeaders, endReply, wireReply, type HeaderTarget } from '@wardstone/http/node'
import type { FastifyReply } from 'fastify'

/**
 * Fastify keeps headers of its own until it sends, and its plugins look there; a handler that takes over the raw response
 * (event streams do) sends none of them. So both get each header, and both send the same.
 */
export function targetOf(reply: FastifyReply): HeaderTarget {
  return {
    get: (name) => reply.getHeader(name),
    set(name, value) {
      reply.raw.setHeader(name, value)
      reply.header(name, value)
    },
    append(name, value) {
      reply.raw.appendHeader(name, value)
      reply.header(name, value) // appends, for cookies
    },
  }
}

/** Sends a whole reply through Fastify, so that its hooks and logs see it. */
export function sendReply(reply: FastifyReply, answer: Reply): void {
  if (reply.raw.headersSent) {
    reply.hijack()
    endReply(reply.raw, answer)
    return
  }
  const { headers, body } = wireReply(answer)
  reply.code(answer.status)
  addHeaders(targetOf(reply), headers)
  // An empty body is sent as none, or Fastify would give it a type.
  reply.send(body?.length === 0 ? undefined : body)
}
