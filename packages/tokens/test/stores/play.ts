import { sessionStoreCases, type SessionStage, type SessionTopic } from '@wardstone/testkit/sessions'
import { it } from 'vitest'

const IDS: Readonly<Record<SessionTopic, string>> = {
  'sign-in': '[TOK-9] [TOK-13]',
  refresh: '[TOK-3] [TOK-13]',
  ending: '[TOK-9] [TOK-13]',
  'access-tokens': '[TOK-10] [TOK-13]',
  races: '[TOK-3] [TOK-9] [TOK-13]',
  losses: '[TOK-3] [TOK-9] [TOK-13]',
}

/** Every case of the suite as a test. */
export function itKeeps(open: () => SessionStage): void {
  for (const row of sessionStoreCases) {
    it(`${IDS[row.topic]} ${row.title}`, async (test) => {
      const stage = open()
      try {
        if (row.needs !== undefined && stage[row.needs] === undefined) test.skip(`needs ${row.needs}()`)
        await row.run(stage)
      } finally {
        await stage.close?.()
      }
    })
  }
}

/** The cases that a store fails, by title. */
export async function failed(open: () => SessionStage, titles?: readonly string[]): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const row of sessionStoreCases) {
    if (titles !== undefined && !titles.includes(row.title)) continue
    const stage = open()
    try {
      if (row.needs === undefined || stage[row.needs] !== undefined) await row.run(stage)
    } catch {
      wrong.push(row.title)
    } finally {
      await stage.close?.()
    }
  }
  return wrong
}
