import { clientOf } from '../../src/lib/browser/client.ts'
import type { Channel, Locks, Page } from '../../src/lib/browser/page.ts'
import type { SessionClient, SessionClientOptions } from '../../src/lib/browser/session-client.ts'

export const ORIGIN = 'https://app.example'
export const LIFE = 900

export interface Tab extends SessionClient {
  readonly id: number
  /** What it was told: `in`, `out`. */
  readonly told: string[]
  hide(): void
  show(): void
  online(): void
  /** Suspends it as phones do: its timers stop, and its locks stay. */
  freeze(): void
}

export interface Sent {
  readonly tab: number
  readonly path: string
  readonly request: Request
  readonly at: number
}

type Answer = Response | Promise<Response> | (() => never)

/** A browser with a clock that stands still, in which messages take 1 ms and nothing happens unless time passes. */
export class FakeBrowser {
  at = 1_000_000
  readonly sent: Sent[] = []
  /** Answers for a path, used up one by one; then the server works. */
  readonly answers: Record<string, Answer[]> = {}
  /** What the other tabs are sent passes here first: how long it takes, in ms. */
  latency = 1
  random = 0.5
  #count = 0
  #timers: { at: number; run: () => unknown }[] = []
  #channels: { name: string; tab: number; channel: Channel }[] = []
  #locks = new Map<string, Held[]>()

  /** Opens a tab. */
  tab(options: SessionClientOptions & { locks?: boolean | 'denied'; hidden?: boolean } = {}): Tab {
    const id = ++this.#tabs
    const told: string[] = []
    const listeners: ((event: { readonly type: string }) => void)[] = []
    const { locks = true } = options
    let { hidden = false } = options
    let frozen = false
    const page: Page = {
      href: `${ORIGIN}/page`,
      hidden: () => hidden,
      now: () => this.at,
      random: () => this.random,
      after: (ms, run) => this.after(ms, () => frozen || run()),
      timeout: (ms) => {
        const controller = new AbortController()
        this.after(ms, () => frozen || controller.abort(new DOMException('late', 'TimeoutError')))
        return controller.signal
      },
      on: (listener) => void listeners.push(listener),
      locks: locks === true ? this.#lockManager() : locks === 'denied' ? DENIED : undefined,
      channel: (name) => this.#channel(name, id),
    }
    const client = clientOf(
      {
        fetch: (input, init) => this.#serve(id, new Request(input, init)),
        onSignedIn: () => told.push('in'),
        onSignedOut: () => told.push('out'),
        ...options,
      },
      page,
    )
    const change = (type: string): void => listeners.forEach((listener) => listener({ type }))
    return {
      ...client,
      id,
      told,
      hide: () => ((hidden = true), change('visibilitychange')),
      show: () => ((hidden = false), change('visibilitychange')),
      online: () => change('online'),
      freeze: () => void (frozen = true),
    }
  }
  #tabs = 0

  /** How many requests reached the server. */
  count(path = '/auth/refresh'): number {
    return this.sent.filter((s) => s.path === path).length
  }

  after(ms: number, run: () => unknown): () => void {
    const timer = { at: this.at + Math.max(0, ms), run }
    this.#timers.push(timer)
    return () => void (this.#timers = this.#timers.filter((t) => t !== timer))
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.at + ms
    for (;;) {
      await new Promise(setImmediate)
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at)
      if (next === undefined || next.at > end) break
      this.#timers = this.#timers.filter((t) => t !== next)
      this.at = Math.max(this.at, next.at)
      next.run()
    }
    this.at = end
  }

  /** What comes of something, a second later; what it threw, if it did. */
  async settle<T>(promise: Promise<T>): Promise<T | Error> {
    const caught = promise.catch((error: Error) => error)
    await this.pass(1000)
    return Promise.race([caught, Promise.resolve(new Error('not settled'))])
  }

  #serve(tab: number, request: Request): Promise<Response> {
    const path = new URL(request.url).pathname
    this.sent.push({ tab, path, request, at: this.at })
    const answer = this.answers[path]?.shift()
    const aborted = new Promise<never>((_, reject) =>
      request.signal.addEventListener('abort', () => reject(request.signal.reason as Error)),
    )
    const work = async (): Promise<Response> => {
      if (answer !== undefined) return typeof answer === 'function' ? answer() : answer
      if (path === '/auth/refresh') return this.granted()
      return new Response(null, { status: path.startsWith('/auth/') ? 204 : 200 })
    }
    return Promise.race([work(), aborted])
  }

  /** A new access token. */
  granted(expiresIn = LIFE): Response {
    return Response.json({ accessToken: `token-${++this.#count}`, tokenType: 'Bearer', expiresIn })
  }

  #channel(name: string, tab: number): Channel {
    const channel: Channel = {
      onmessage: null,
      postMessage: (message) => {
        const data: unknown = structuredClone(message)
        for (const other of this.#channels) {
          if (other.name !== name || other.tab === tab) continue
          this.after(this.latency, () => this.#channels.includes(other) && other.channel.onmessage?.({ data }))
        }
      },
      close: () => void (this.#channels = this.#channels.filter((c) => c.channel !== channel)),
    }
    this.#channels.push({ name, tab, channel })
    return channel
  }

  #lockManager(): Locks {
    return {
      request: (name, { signal, steal }, held) =>
        new Promise((resolve, reject) => {
          const queue = this.#locks.get(name) ?? []
          this.#locks.set(name, queue)
          const leave = (): void => {
            if (queue.includes(mine)) queue.splice(queue.indexOf(mine), 1)
            queue[0]?.start()
          }
          const mine: Held = {
            reject,
            begun: false,
            start() {
              if (mine.begun) return
              mine.begun = true
              held()
                .then(resolve, reject)
                .finally(() => leave())
            },
          }
          if (steal) queue.splice(0, queue[0]?.begun ? 1 : 0, mine).forEach((h) => h.reject(new DOMException('', 'AbortError')))
          else queue.push(mine)
          signal?.addEventListener('abort', () => {
            if (mine.begun) return
            leave()
            reject(signal.reason as Error)
          })
          queue[0]?.start()
        }),
    }
  }
}

interface Held {
  begun: boolean
  start(): void
  reject(error: Error): void
}

const DENIED: Locks = { request: () => Promise.reject(new DOMException('sandboxed', 'SecurityError')) }

/** A response that a test lets through, or not. */
export function held(): { readonly answer: Promise<Response>; release(response: Response): void } {
  const { promise, resolve } = Promise.withResolvers<Response>()
  return { answer: promise, release: resolve }
}
