/**
 * The same port, with something between the call of a verb and its run. Whether a verb is touched is asked at each call,
 * so that a fault reaches also those who took the method from the port before.
 */
export function intercept<T extends object>(
  port: T,
  touches: (verb: string) => boolean,
  between: (verb: string, run: () => Promise<unknown>) => Promise<unknown>,
): T {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const run = (): unknown => (member as (...all: unknown[]) => unknown).apply(target, args)
        return touches(String(name)) ? between(String(name), async () => run()) : run()
      }
    },
  })
}
