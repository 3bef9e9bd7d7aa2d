/** What the client needs of the page that it runs in. Tests give it another one. */
export interface Page {
  /** Where the page is. */
  readonly href: string
  readonly hidden: () => boolean
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** Calls once, later, unless cancelled. */
  readonly after: (ms: number, run: () => unknown) => () => void
  /** A signal that comes after this time. */
  readonly timeout: (ms: number) => AbortSignal
  /** Calls when the page is shown, hidden or back on the network. */
  readonly on: (listener: (event: { readonly type: string }) => void, until: AbortSignal) => void
  /** Absent in old browsers and on pages that came over plain http. */
  readonly locks: Locks | undefined
  readonly channel: (name: string) => Channel
}

/** The part of `LockManager` that is needed. */
export interface Locks {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: true },
    held: () => Promise<unknown>,
  ): Promise<unknown>
}

/** The part of `BroadcastChannel` that is needed. */
export interface Channel {
  onmessage: ((event: { readonly data: unknown }) => void) | null
  postMessage(message: unknown): void
  close(): void
}

// Declared here rather than taken from the DOM's types, which would reach all code for servers that is compiled with this.
declare function addEventListener(
  type: string,
  listener: (event: { readonly type: string }) => void,
  options: { readonly signal: AbortSignal },
): void
declare const document: { readonly hidden: boolean }
declare const location: { readonly href: string }
declare const navigator: { readonly locks?: Locks }
declare const BroadcastChannel: new (name: string) => Channel

/** The page that this code runs in. */
export function thisPage(): Page {
  return {
    href: location.href,
    hidden: () => document.hidden,
    // The wall clock, since it also runs while the computer sleeps and is the same in all tabs. Only differences are used.
    now: Date.now,
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32,
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    timeout: (ms) => AbortSignal.timeout(ms),
    on(listener, signal) {
      for (const type of ['visibilitychange', 'online']) addEventListener(type, listener, { signal })
    },
    locks: navigator.locks,
    channel: (name) => new BroadcastChannel(name),
  }
}
