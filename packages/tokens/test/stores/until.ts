const LIMIT_MS = 20_000

/** Asks again until there is an answer: what real servers do among themselves is not announced. */
export async function until<T>(what: string, ask: () => T | undefined | Promise<T | undefined>, pauseMs = 10): Promise<T> {
  const end = performance.now() + LIMIT_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`${what} did not come within ${LIMIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
