/** What was thrown, as an error always: a host takes `undefined` for success and the text `route` for a command. */
export function errorOf(who: 'guard' | 'endpoint', thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  return new Error(`${who === 'guard' ? 'A guard' : 'An endpoint'} threw something that is no error`, { cause: thrown })
}
