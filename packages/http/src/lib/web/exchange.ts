import type { ClosedHook, HeadHook } from '../decision.ts'
import type { HeaderList } from '../headers.ts'
import type { Outcome } from '../runner.ts'
import { addHeaders, CONTENT_HEADERS, runClosed, runHeads, type HeaderTarget } from '../wire.ts'

/** What guards asked for, kept until there is a response to put it on: a `Response` is made last, and by somebody else. */
export class Exchange {
  readonly #headers = new Headers()
  readonly #heads: HeadHook[] = []
  readonly #closed: ClosedHook[] = []
  readonly #signal: AbortSignal
  /** Answers in place of a response that cannot be finished; the outermost error boundary sets it. */
  rescue: ((error: unknown) => Response) | undefined
  #over: { readonly status: number | undefined } | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** @throws TypeError when a guard's header is not one that can be sent */
  add({ headers, heads, closed }: Outcome): void {
    if (closed.length > 0) this.#watch(closed)
    this.#heads.push(...heads)
    addHeaders(targetOf(this.#headers), headers)
  }

  /** Forgets what described a body that is not sent after all. */
  forgetContent(): void {
    for (const name of CONTENT_HEADERS) this.#headers.delete(name)
  }

  /**
   * The response with all that was asked for; its own headers come later, and so win.
   *
   * @throws TypeError when it cannot be sent, and no error boundary answers instead
   */
  finish(response: Response): Response {
    try {
      return this.#dressed(response)
    } catch (error) {
      if (this.rescue === undefined) throw error
      return this.#dressed(this.rescue(error))
    }
  }

  /** Whatever fails does so before the hooks run, which they may only once. */
  #dressed(response: Response): Response {
    if (typeof (response as Response | null)?.status !== 'number') throw new TypeError('What answered is no Response')
    if (response.status < 200) return response // an upgrade, which no other response can stand for
    // A body that was taken to its end would pass for an empty one.
    if (response.bodyUsed) throw new TypeError('The response was used before: each request needs one of its own')
    const headers = new Headers(this.#headers)
    const target = targetOf(headers)
    addHeaders(target, [...response.headers] as unknown as HeaderList)
    runHeads(this.#heads, response.status, target)
    const { status, statusText } = response
    return new Response(this.#measured(response.body, status), { status, statusText, headers })
  }

  /** The response is over. Later calls change nothing. */
  end(status: number | undefined): void {
    if (this.#over !== undefined) return
    this.#over = { status }
    runClosed(this.#closed, status)
  }

  #watch(hooks: readonly ClosedHook[]): void {
    if (this.#signal.aborted) this.end(undefined)
    if (this.#over !== undefined) return runClosed(hooks, this.#over.status)
    if (this.#closed.length === 0) this.#signal.addEventListener('abort', () => this.end(undefined), { once: true })
    this.#closed.push(...hooks)
  }

  /** Only the runtime knows when bytes have left. What can be seen is that it has taken the last of them, or no more. */
  #measured(body: Response['body'], status: number): Response['body'] {
    if (this.#closed.length === 0) return body
    if (body === null) {
      this.end(status)
      return null
    }
    const gone = (): void => this.end(undefined)
    return body.pipeThrough(new TransformStream({ flush: () => this.end(status), cancel: gone }))
  }
}

/** `Headers` as guards and replies write to them. */
export function targetOf(headers: Headers): HeaderTarget {
  return {
    get: (name) => headers.get(name) ?? undefined,
    set: (name, value) => headers.set(name, sendable(name, value)),
    append: (name, value) => headers.append(name, sendable(name, value)),
    remove: (name) => headers.delete(name),
  }
}

/** `Headers` quotes the value in its error; a header may hold a secret. */
function sendable(name: string, value: string): string {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw new TypeError(`Invalid character in header content ["${name}"]`)
  return value
}
