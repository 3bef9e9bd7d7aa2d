/**
 * Names a value in a {@link RequestState} and gives it a type. Two keys never collide, whatever they are called.
 */
export interface StateKey<T> {
  /** What it is known by. Its description is for people who debug. */
  readonly id: symbol
  /** Never set: it only carries the type. */
  readonly value?: T | undefined
}

/**
 * Makes a key for a value that one guard leaves behind and a later guard or the handler reads.
 *
 * @example
 * ```ts
 * import { stateKey, type Guard } from '@wardstone/http'
 *
 * const arrivedAt = stateKey<number>('arrivedAt')
 * export const clock: Guard = (ctx) => {
 *   ctx.state.set(arrivedAt, Date.now())
 *   return { ok: true }
 * }
 * ```
 */
export function stateKey<T>(name: string): StateKey<T> {
  return Object.freeze({ id: Symbol(name) })
}

/**
 * A key of this package's own. The same in every copy of it that is installed: what one package's guard leaves behind,
 * another package's handler must find.
 *
 * @internal
 */
export function sharedStateKey<T>(name: string): StateKey<T> {
  return Object.freeze({ id: Symbol.for(`wardstone.http.${name}`) })
}

/** What guards leave behind for one request, under typed keys. */
export class RequestState {
  readonly #values = new Map<symbol, unknown>()

  /** The value under the key, or `undefined`. */
  get<T>(key: StateKey<T>): T | undefined {
    return this.#values.get(key.id) as T | undefined
  }

  /** Puts a value under the key, in place of an earlier one. */
  set<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key.id, value)
  }
}
