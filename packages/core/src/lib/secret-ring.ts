import { hkdfSync } from 'node:crypto'
import { ConfigurationError } from './error.ts'
import { readOptions } from './options.ts'
import { sealed, type Secret } from './secret.ts'

/**
 * A secret in rotation: one that is used, those that are still or already accepted. It may change while serving; ask it
 * at each use and keep nothing.
 */
export interface SecretRing {
  /** The secret to make new things with. */
  current(): Secret
  /** The secret of that id, if it is accepted. */
  find(kid: string): Secret | undefined
  /** All that are accepted, the current one first. */
  all(): readonly Secret[]
  /**
   * The ring of keys for one purpose, made from this one (HKDF-SHA-256, empty salt, info `wardstone:v1:<purpose>`,
   * 32 bytes, ids kept): what signs cookies can never open a token.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc5869 | RFC 5869}
   */
  derive(purpose: string): SecretRing
  /** Calls back after each change; returns the way to stop that. */
  onChange(listener: () => void): () => void
}

/** The secrets of a ring. Accept first, use later: a new secret is `next` everywhere before it is `current` anywhere. */
export interface SecretRingInput {
  readonly current: Secret
  /** Accepted before it is used, so that no process meets it unprepared. */
  readonly next?: Secret | undefined
  /** Still accepted, until whatever it made has expired. */
  readonly previous?: Secret | readonly Secret[] | undefined
}

/** A ring whose secrets can be exchanged while it is in use. */
export interface ReplaceableSecretRing extends SecretRing {
  /**
   * Exchanges all secrets at once, and tells the listeners.
   *
   * @throws {@link ConfigurationError} `invalid_options`; the ring keeps what it had.
   */
  replace(input: SecretRingInput): void
}

/**
 * Makes a {@link SecretRing}.
 *
 * @throws {@link ConfigurationError} `invalid_options` when two secrets share an id.
 *
 * @example
 * ```ts
 * import { generateSecret, secretRing } from '@wardstone/core'
 *
 * const old = generateSecret()
 * export const ring = secretRing({ current: old })
 * ring.replace({ current: generateSecret(), previous: old })
 * ```
 */
export function secretRing(input: SecretRingInput): ReplaceableSecretRing {
  return new Ring(input)
}

class Ring implements ReplaceableSecretRing {
  #secrets: readonly [Secret, ...Secret[]]
  readonly #listeners = new Set<() => void>()

  constructor(input: SecretRingInput) {
    this.#secrets = listed(input)
  }

  current(): Secret {
    return this.#secrets[0]
  }

  find(kid: string): Secret | undefined {
    return this.#secrets.find((secret) => secret.kid === kid)
  }

  all(): readonly Secret[] {
    return this.#secrets
  }

  derive(purpose: string): SecretRing {
    return new Derived(this, purpose)
  }

  onChange(listener: () => void): () => void {
    const own = (): void => listener() // so that one function may listen twice
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  replace(input: SecretRingInput): void {
    this.#secrets = listed(input)
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch {
        // One listener's failure must not keep the others on the old secrets.
      }
    }
  }
}

/** A ring seen through one purpose. Each derived key is computed once and goes with the secret that it came from. */
class Derived implements SecretRing {
  readonly #source: SecretRing
  readonly #info: string
  readonly #made = new WeakMap<Secret, Secret>()

  constructor(source: SecretRing, purpose: string) {
    this.#source = source
    this.#info = `wardstone:v1:${purpose}`
  }

  current(): Secret {
    return this.#from(this.#source.current())
  }

  find(kid: string): Secret | undefined {
    const source = this.#source.find(kid)
    return source && this.#from(source)
  }

  all(): readonly Secret[] {
    return this.#source.all().map((secret) => this.#from(secret))
  }

  derive(purpose: string): SecretRing {
    return new Derived(this, purpose)
  }

  onChange(listener: () => void): () => void {
    return this.#source.onChange(listener)
  }

  #from(source: Secret): Secret {
    let made = this.#made.get(source)
    if (made === undefined) {
      made = sealed(new Uint8Array(hkdfSync('sha256', source.bytes(), '', this.#info, 32)), source.kid)
      this.#made.set(source, made)
    }
    return made
  }
}

function listed(input: SecretRingInput): readonly [Secret, ...Secret[]] {
  const { current, next, previous } = readOptions('secretRing', input, (o) => {
    const current = o.value<Secret>('current', EXPECTED, isSecret)
    if (current === undefined) o.problem('current', `required; ${EXPECTED}`)
    const isList = (v: unknown): boolean => [v].flat().every(isSecret)
    return {
      current: current as Secret,
      next: o.value<Secret>('next', EXPECTED, isSecret),
      previous: o.value<Secret | readonly Secret[]>('previous', `${EXPECTED}, or a list of them`, isList) ?? [],
    }
  })
  const secrets: [Secret, ...Secret[]] = [current, ...(next ? [next] : []), ...[previous].flat()]
  if (new Set(secrets.map((s) => s.kid)).size < secrets.length) {
    throw new ConfigurationError('secretRing', [
      { option: 'kid', expected: 'expected secrets that differ, each with an id of its own' },
    ])
  }
  return Object.freeze(secrets)
}

const EXPECTED = "expected secret(process.env['…']) or generateSecret(), not the text itself"

function isSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { kid, bytes } = value as { readonly kid?: unknown; readonly bytes?: unknown }
  return typeof kid === 'string' && typeof bytes === 'function'
}
