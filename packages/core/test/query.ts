/** As lazy queries of database drivers are: no promise, and awaited all the same. */
function query(then: (resolve: (value: unknown) => void, reject: (reason: Error) => void) => void): object {
  // oxlint-disable-next-line unicorn/no-thenable
  return { then }
}

/** One that finds this. */
export const finding = (found: unknown): object => query((resolve) => resolve(found))

/** One that fails with this message. */
export const failing = (message: string): object => query((_, reject) => reject(new Error(message)))
