import { within } from '../within.ts'

/** What guards, hooks and handlers of a case tell of themselves, in order; and a way to wait for it. */
export class Probe {
  readonly #notes: string[] = []
  readonly #waiting = new Map<string, Array<() => void>>()

  get notes(): readonly string[] {
    return this.#notes
  }

  note(text: string): void {
    this.#notes.push(text)
    for (const wake of this.#waiting.get(text) ?? []) wake()
    this.#waiting.delete(text)
  }

  /** Resolves once the text has been noted. */
  async until(text: string): Promise<void> {
    if (this.#notes.includes(text)) return
    const noted = new Promise<void>((resolve) => {
      this.#waiting.set(text, [...(this.#waiting.get(text) ?? []), resolve])
    })
    await within(`the note "${text}"`, noted)
  }
}
