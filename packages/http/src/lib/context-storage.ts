import type { AsyncLocalStorage } from 'node:async_hooks'
import type { OptionReader } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import type { Part } from './part.ts'
import { sharedStateKey, type StateKey } from './state.ts'

/** Where the application keeps the context of the request that it is working for. */
export interface ContextStorageOptions {
  /**
   * The application's own storage: everything that comes after `baseline` runs in it, so that any function finds the request that it
   * works for, by `storage.getStore()`, without having been given it. Default: none.
   */
  readonly context?: AsyncLocalStorage<HttpContext> | undefined
}

const storageKey: StateKey<AsyncLocalStorage<HttpContext>> = sharedStateKey('context storage')

/** Tells hosts in which storage to run what comes next. */
export function readContextStorage(o: OptionReader): Part | undefined {
  const storage = o.value<AsyncLocalStorage<HttpContext>>('context', 'expected an AsyncLocalStorage', isStorage)
  if (!isStorage(storage)) return undefined
  return {
    apply(ctx) {
      ctx.state.set(storageKey, storage)
      return undefined
    },
  }
}

/**
 * Calls a function in the storage that was given to `baseline` as `context`, if one was: for authors of adapters. Parsers that listen
 * to streams lose what runs around them, so every handler of ours finds its way back by this.
 *
 * @example
 * ```ts
 * import { AsyncLocalStorage } from 'node:async_hooks'
 * import { clientFacts, inContext, type HttpContext } from '@wardstone/http'
 *
 * export const storage = new AsyncLocalStorage<HttpContext>() // baseline({ context: storage })
 * export const log = (text: string): void => {
 *   const ctx = storage.getStore()
 *   console.log(ctx && clientFacts(ctx).requestId, text)
 * }
 * export const answer = (ctx: HttpContext) => inContext(ctx, () => log('answering'))
 * ```
 */
export function inContext<T>(ctx: HttpContext, run: () => T): T {
  const storage = ctx.state.get(storageKey)
  return storage === undefined || storage.getStore() === ctx ? run() : storage.run(ctx, run)
}

/**
 * A hook that is called from anywhere, as one that finds its request: a socket tells of its end outside of all of them. Costs nothing
 * where there is no storage, while `AsyncResource.bind` takes microseconds each time.
 */
export function boundTo<A extends readonly unknown[], T>(ctx: HttpContext, hook: (...args: A) => T): (...args: A) => T {
  const storage = ctx.state.get(storageKey)
  return storage === undefined ? hook : (...args) => storage.run(ctx, hook, ...args)
}

function isStorage(value: unknown): value is AsyncLocalStorage<HttpContext> {
  const { run, getStore } = (value ?? {}) as { readonly run?: unknown; readonly getStore?: unknown }
  return typeof run === 'function' && typeof getStore === 'function'
}
