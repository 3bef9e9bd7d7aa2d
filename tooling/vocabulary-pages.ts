// Writes docs/errors.md and docs/events.md from the code; with --check only says how they differ from it.
import { readFileSync, writeFileSync } from 'node:fs'
import { readVocabulary, type Code, type Event, type Union } from './vocabulary.ts'

const { thrown, problems, warnings, refusals, events, wrong } = readVocabulary()
const pages = { 'docs/errors.md': errorsPage(), 'docs/events.md': eventsPage() }

const complaints = [...wrong]
for (const [file, page] of Object.entries(pages)) {
  if (process.argv.includes('--check')) complaints.push(...differences(file, readFileSync(file, 'utf8'), page))
  else writeFileSync(file, page)
}
for (const complaint of complaints) console.error(complaint)
if (complaints.length > 0) process.exitCode = 1
else {
  const codes = [...thrown, ...problems, ...warnings, ...refusals.flatMap((union) => union.codes)]
  console.log(`${new Set(codes.map(({ code }) => code)).size} codes and ${events.length} events, each with its meaning`)
}

/** What a page lacks, and what it has too much. */
function differences(file: string, page: string, expected: string): string[] {
  const [has, wants] = [page.split('\n'), expected.split('\n')]
  const found = [
    ...wants.filter((line) => !has.includes(line)).map((line) => `${file} lacks: ${line}`),
    ...has.filter((line) => !wants.includes(line)).map((line) => `${file} should not have: ${line}`),
  ]
  if (page === expected) return []
  return [...found, `${file} is not what the code says; \`pnpm docs:vocabulary\` writes it anew`]
}

function errorsPage(): string {
  const anchored = anchors()
  return lines(
    '# Errors',
    'Written by `pnpm docs:vocabulary` from the code. A code is stable: a release that changes one says so.',
    '## Problem documents',
    `What a client sees: \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the members \`type\`,
\`title\`, \`status\`, \`code\` and \`requestId\`. \`type\` is \`urn:wardstone:error:<code>\`. A 503 may also carry the code of a refusal or an error
that is retryable.`,
    table(
      ['code', 'meaning', 'from'],
      sorted(problems).map((row) => [anchored(row), row.meaning, `\`${row.from}\``]),
    ),
    '## Refusals',
    `Values, not errors: \`{ ok: false, code, retryable }\`. They are for logs, counters and tests; a client is told no more than that its token is
not accepted.`,
    ...refusals.filter(isWhole).flatMap(({ about, codes }) => [
      `### ${about.replace(/\.$/, '')}`,
      table(
        ['code', 'meaning'],
        codes.map((row) => [anchored(row), row.meaning]),
      ),
    ]),
    '## Thrown errors',
    'Only faults are thrown. Each is a `WardstoneError`: `code` says what it is, `retryable` whether the same call may succeed later.',
    table(
      ['code', 'meaning', 'class'],
      thrown.map((row) => [anchored(row), row.meaning, `\`${row.source}\` of \`${row.from}\``]),
    ),
    '## Warnings',
    "Emitted through `process.emitWarning`, so that a deployment can fail on them: `process.on('warning', (w) => w.code)`.",
    table(
      ['code', 'meaning'],
      warnings.map((row) => [anchored(row), row.meaning]),
    ),
  )
}

function eventsPage(): string {
  const anchored = anchors()
  return lines(
    '# Events',
    `Written by \`pnpm docs:vocabulary\` from the code. Every service takes \`events: (event) => void\`; a sink that throws harms nobody. An event holds
no token, key or password. Names follow the
[OWASP logging vocabulary](https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html).`,
    table(
      ['member', 'what it is'],
      [
        ['`name`, `data`', 'see below'],
        ['`severity`', '`info`, `warn` or `critical`; the last one should wake somebody'],
        ['`at`', 'milliseconds since the Unix epoch'],
        ['`subject`, `sid`', 'the account and the session that it is about, where there is one'],
        ['`client`', '`{ ip, userAgent, requestId }`, as far as they are known'],
      ],
    ),
    ...[...new Set(events.map(({ from }) => from).sort())].flatMap((from) => [
      `## ${from}`,
      table(
        ['name', 'severity', 'meaning', 'data'],
        sorted(events.filter((event) => event.from === from)).map((event) => [
          anchored(event),
          event.severities.join(', '),
          event.meaning,
          dataOf(event),
        ]),
      ),
    ]),
  )
}

/** Whether it is a list of its own: a part of another one is told there. */
function isWhole(union: Union): boolean {
  const codes = union.codes.map(({ code }) => code)
  return !refusals.some(
    (other) => other.codes.length > codes.length && codes.every((code) => other.codes.some((c) => c.code === code)),
  )
}

function dataOf({ data }: Event): string {
  return data.map((member) => `\`${member.replaceAll('|', '\\|')}\``).join('<br>')
}

/** Codes that can be linked to, such as `errors#invalid_token`: where a page has one first. */
function anchors(): (row: Code) => string {
  const seen = new Set<string>()
  return ({ code }) => {
    const anchor = seen.has(code) ? '' : `<a id="${code}"></a>`
    seen.add(code)
    return `${anchor}\`${code}\``
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function lines(...parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}

function sorted<C extends Code>(rows: readonly C[]): C[] {
  return rows.toSorted((a, b) => a.code.localeCompare(b.code, 'en'))
}
