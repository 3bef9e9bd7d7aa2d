/**
 * Keeps what was used lately, at most twice `size` entries: when the young half is full the old one is dropped. Costs
 * one or two look-ups, never a walk, and no list to maintain on a hit.
 */
export class RecentCache<V> {
  readonly #size: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  constructor(size: number) {
    this.#size = size
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}

/**
 * What is known of tokens, by the whole token. They are filed under the end of their signature, since V8 would hash all of
 * a text to find it, once for every request; then the texts are compared.
 */
export class TokenCache<V> {
  readonly #byEnd: RecentCache<{ readonly token: string; readonly value: V }>

  constructor(size: number) {
    this.#byEnd = new RecentCache(size)
  }

  get(token: string): V | undefined {
    const entry = this.#byEnd.get(endOf(token))
    return entry !== undefined && entry.token === token ? entry.value : undefined
  }

  set(token: string, value: V): void {
    this.#byEnd.set(endOf(token), { token, value })
  }

  delete(token: string): void {
    this.#byEnd.delete(endOf(token))
  }
}

/** 192 bits of a signature: nobody makes two that end alike, and if somebody did, the later one would be remembered. */
function endOf(token: string): string {
  return token.slice(-32)
}
