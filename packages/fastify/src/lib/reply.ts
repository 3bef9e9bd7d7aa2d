import type { Reply } from '@wardstone/http'
import { addHeaders, endReply, isGone, wireReply, type HeaderTarget } from '@wardstone/http/node'
import type { FastifyReply } from 'fastify'

/**
 * Fastify keeps headers of its own until it sends, over those of the raw response; a handler that takes the raw response
 * over (event streams do) sends only the latter. So ours go to the raw one, where Fastify and its plugins look too, and
 * to Fastify's where those would win or, being cookies, would otherwise be lost with the next.
 */
export function targetOf(reply: FastifyReply): HeaderTarget {
  return new ReplyHeaders(reply)
}

/** One object for a reply; four functions made anew would cost more than what they do. */
class ReplyHeaders implements HeaderTarget {
  readonly #reply: FastifyReply

  constructor(reply: FastifyReply) {
    this.#reply = reply
  }

  get(name: string): ReturnType<HeaderTarget['get']> {
    return this.#reply.getHeader(name)
  }

  set(name: string, value: string): void {
    const reply = this.#reply
    reply.raw.setHeader(name, value)
    if (reply.getHeader(name) !== value) reply.header(name, value)
  }

  append(name: string, value: string): void {
    this.#reply.raw.appendHeader(name, value)
    this.#reply.header(name, value) // appends, for cookies
  }

  remove(name: string): void {
    this.#reply.raw.removeHeader(name)
    this.#reply.removeHeader(name)
  }
}

/** Sends a whole reply through Fastify, so that its hooks and logs see it. */
export function sendReply(reply: FastifyReply, answer: Reply): void {
  if (reply.raw.headersSent || isGone(reply.raw)) {
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
