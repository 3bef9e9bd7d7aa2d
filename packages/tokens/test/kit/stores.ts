import { WardstoneError } from '@wardstone/core'
import type { SessionStore } from '../../src/index.ts'

/** Any verb of a store that asks or changes sessions. */
const VERBS = [
  'create',
  'rotate',
  'confirm',
  'end',
  'endOthers',
  'endAll',
  'endEveryone',
  'touchClaims',
  'epochs',
  'judge',
  'list',
] as const

type Verb = (typeof VERBS)[number]

class StoreDown extends WardstoneError<'store_unavailable'> {
  readonly code = 'store_unavailable'

  constructor() {
    super('the store does not answer', { retryable: true })
  }
}

/** A store that counts what it is asked, keeps what it was given, and may be down. */
export interface Watched {
  readonly wrap: (store: SessionStore) => SessionStore
  readonly calls: { readonly verb: Verb; readonly args: readonly unknown[]; answer?: unknown }[]
  down: boolean
}

export function watched(): Watched {
  const calls: Watched['calls'] = []
  const state: Watched = {
    calls,
    down: false,
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target)
          if (typeof member !== 'function') return member
          const verb = VERBS.find((v) => v === name)
          if (verb === undefined) return member.bind(target) as unknown
          return async (...args: unknown[]) => {
            const call: Watched['calls'][number] = { verb, args }
            calls.push(call)
            if (state.down) throw new StoreDown()
            call.answer = await (member as (...all: unknown[]) => Promise<unknown>).apply(target, args)
            return call.answer
          }
        },
      }),
  }
  return state
}
