/**
 * Names a value in a {@link RequestState} and gives it a type. Two keys never collide, whatever they are called.
 */
export interface StateKey<T> {
  /** For people who debug. */
  readonly name: string
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
  return Object.freeze({ name })
}

/** What guards leave behind for one request, under typed keys. */
export class RequestState {
  readonly #values = new Map<StateKey<unknown>, unknown>()

  /** The value under the key, or `undefined`. */
  get<T>(key: StateKey<T>): T | undefined {
    return this.#values.get(key) as T | undefined
  }

  /** Puts a value under the key, in place of an earlier one. */
  set<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key, value)
  }
}
