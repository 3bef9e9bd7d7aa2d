/** Asks again until there is an answer: what real servers do among themselves is not announced. */
export async function until<T>(what: string, ask: () => T | undefined | Promise<T | undefined>, limitMs = 20_000): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`${what} did not come within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
