import { styleText } from 'node:util'
import type { Answer, Client } from './client.ts'
import { telling } from './telling.ts'

/** What a step does and prints. */
export interface Step {
  /** Sends a request, and prints it with what came back. */
  ask(client: Client, request: string, body?: unknown): Promise<Answer>
  /** Prints what else was done. */
  did(what: string): void
  /** Prints whether something is as it has to be. */
  check(claim: string, right: boolean): void
}

/** Prints a story step by step, and counts the steps in which everything was right. */
export class Report {
  steps = 0
  right = 0

  async step(title: string, play: (step: Step) => Promise<void>): Promise<void> {
    let wrong = 0
    const did = (what: string): void => console.log(`      ${what}`)
    const check = (claim: string, right: boolean): void => {
      if (!right) wrong++
      console.log(`    ${right ? paint('green', `✓ ${claim}`) : paint('red', `✗ ${claim}`)}`)
    }
    const ask: Step['ask'] = async (client, request, body) => {
      const answer = await client.send(request, body)
      // Identifiers in paths tell nothing.
      const shown = request.replace(/[\w-]{20,}/, '…')
      did(`${client.name.padEnd(12)} ${shown.padEnd(24)} → ${answer.status} ${telling(answer)}`.trimEnd())
      return answer
    }
    console.log(`\n${paint('bold', `${String(++this.steps).padStart(2)}. ${title}`)}`)
    try {
      await play({ ask, did, check })
    } catch (error) {
      check(`the step broke off: ${error instanceof Error ? error.message : String(error)}`, false)
    }
    if (wrong === 0) this.right++
  }
}

/** In colour on a terminal only, and not where `NO_COLOR` is set. */
export function paint(style: 'bold' | 'green' | 'red', text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
