import type { PlannedKey } from './plan.ts'

/**
 * Says of each key what happens when.
 *
 * @param dueAt - when the key after the newest one has to be made; not finite where none is
 */
export function describeKeys(keys: readonly PlannedKey[], dueAt: number): string {
  return keys.map((key) => `${key.kid}: ${wordsOf(key, dueAt)}`).join('\n')
}

function wordsOf({ stage, createdAt, activateAt, retireAt, removeAt }: PlannedKey, dueAt: number): string {
  const until = retireAt === undefined ? `until another is made${due(dueAt)}` : `until ${text(retireAt)}`
  const then = removeAt === undefined ? '' : `, then verifies until ${text(removeAt)}`
  switch (stage) {
    case 'published':
      return `published since ${text(createdAt)}, signs from ${text(activateAt)} ${until}${then}`
    case 'active':
      return `signs since ${text(activateAt)}, ${until}${then}`
    case 'retired':
      return `retired since ${text(retireAt)}, verifies until ${text(removeAt)}`
    case 'removed':
      return `removed since ${text(removeAt)}`
  }
}

function due(at: number): string {
  return Number.isFinite(at) ? `, due ${text(at)}` : ''
}

/** To the second, in UTC: what an operator compares with a log. */
function text(at: number | undefined): string {
  if (at === undefined || !Number.isFinite(at) || Math.abs(at) > 8.64e15) return 'an unknown time'
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
