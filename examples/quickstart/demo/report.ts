import { styleText } from 'node:util'
import type { Answer } from './client.ts'

/** What a step prints as it goes. */
export interface Step {
  /** Says what was done. */
  did(what: string): void
  /** Says what came back, shortened. */
  answered(who: string, request: string, answer: Answer, telling?: string): void
  /** Says whether something is as it has to be. */
  check(claim: string, right: boolean): void
}

/** Prints a story step by step, and counts the steps in which everything was right. */
export class Report {
  steps = 0
  right = 0

  async step(title: string, play: (step: Step) => Promise<void>): Promise<void> {
    let wrong = 0
    const check = (claim: string, right: boolean): void => {
      if (!right) wrong++
      print(right ? paint('green', '✓') : paint('red', '✗'), right ? claim : paint('red', claim))
    }
    console.log(`\n${paint('bold', `${String(++this.steps).padStart(2)}. ${title}`)}`)
    try {
      await play({
        did: (what) => print(' ', paint('dim', what)),
        answered(who, request, answer, telling = tellingOf(answer)) {
          print(' ', `${who.padEnd(8)}${request} → ${answer.status} ${telling}`.trimEnd())
        },
        check,
      })
    } catch (error) {
      check(`the step broke off: ${error instanceof Error ? error.message : String(error)}`, false)
    }
    if (wrong === 0) this.right++
  }
}

/** A token as it may be shown: enough to see which one it is, and of no use to anybody. */
export function short(token: string | undefined): string {
  return token === undefined ? '(none)' : `${token.slice(0, 6)}…${token.slice(-6)}`
}

/** The code of a problem document. */
function tellingOf({ body }: Answer): string {
  return typeof body['code'] === 'string' ? body['code'] : ''
}

function print(mark: string, text: string): void {
  console.log(`    ${mark} ${text}`)
}

/** In colour on a terminal only, and not where `NO_COLOR` is set. */
export function paint(style: 'bold' | 'dim' | 'green' | 'red', text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
