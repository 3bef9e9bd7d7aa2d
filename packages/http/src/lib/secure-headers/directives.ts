import { canonical, sourceProblem } from './sources.ts'

/** A policy as data: what each directive lists, in the order in which it is sent. */
export type Directives = ReadonlyMap<CspDirective, readonly string[]>

/** The directives that browsers know; those that they have dropped are not among them. */
export type CspDirective =
  | 'base-uri'
  | 'child-src'
  | 'connect-src'
  | 'default-src'
  | 'font-src'
  | 'form-action'
  | 'frame-ancestors'
  | 'frame-src'
  | 'img-src'
  | 'manifest-src'
  | 'media-src'
  | 'object-src'
  | 'report-to'
  | 'report-uri'
  | 'require-trusted-types-for'
  | 'sandbox'
  | 'script-src'
  | 'script-src-attr'
  | 'script-src-elem'
  | 'style-src'
  | 'style-src-attr'
  | 'style-src-elem'
  | 'trusted-types'
  | 'upgrade-insecure-requests'
  | 'worker-src'

/** What a directive takes. */
interface Grammar {
  readonly problem: (entry: string) => string | undefined
  readonly least: number
  readonly most: number
}

const grammar = (problem: Grammar['problem'], least = 1, most = Infinity): Grammar => ({ problem, least, most })
const matching = (shape: RegExp, expected: string) => (entry: string) => (shape.test(entry) ? undefined : expected)

const CODE = grammar((entry) => sourceProblem(entry, true))
const SOURCES = grammar((entry) => sourceProblem(entry, false))

const GRAMMAR: Readonly<Record<CspDirective, Grammar>> = {
  'default-src': CODE,
  'script-src': CODE,
  'script-src-elem': CODE,
  'script-src-attr': CODE,
  'style-src': CODE,
  'style-src-elem': CODE,
  'style-src-attr': CODE,
  'worker-src': CODE,
  'child-src': SOURCES,
  'connect-src': SOURCES,
  'font-src': SOURCES,
  'frame-src': SOURCES,
  'img-src': SOURCES,
  'manifest-src': SOURCES,
  'media-src': SOURCES,
  'object-src': SOURCES,
  'base-uri': SOURCES,
  'form-action': SOURCES,
  'frame-ancestors': SOURCES,
  sandbox: grammar(matching(/^allow-[a-z-]+$/, 'expected a token such as allow-forms'), 0),
  'require-trusted-types-for': grammar(matching(/^'script'$/, "expected 'script', quoted"), 1, 1),
  'trusted-types': grammar(
    matching(/^(?:\*|'none'|'allow-duplicates'|[\w\-#=/@.%]+)$/, "expected the name of a policy, 'none' or 'allow-duplicates'"),
  ),
  'upgrade-insecure-requests': grammar(() => undefined, 0, 0),
  'report-uri': grammar(matching(/^(?:https:\/\/|\/)/, 'expected a path or an https URL')),
  'report-to': grammar(matching(/^[\w-]+$/, 'expected the name of an endpoint'), 1, 1),
}

/** Every directive, in the order in which those are sent that a preset has not. */
export const DIRECTIVES = Object.keys(GRAMMAR) as readonly CspDirective[]

/** Whether a browser knows the directive. */
export function isDirective(name: string): name is CspDirective {
  return Object.hasOwn(GRAMMAR, name)
}

/** What is wrong with the entries of a directive, in words that do not repeat them. */
export function directiveProblems(name: CspDirective, entries: readonly string[]): readonly string[] {
  const { problem, least, most } = GRAMMAR[name]
  if (most === 0 && entries.length > 0) return ['takes no entries: write [] for it, or false against it']
  if (entries.length > most) return ['takes one entry']
  if (entries.length < least) return [`expected at least one entry; write "'none'" to allow nothing, or false to say nothing`]
  const problems = entries.flatMap((entry, index) => {
    const wrong = entryProblem(entry) ?? problem(entry)
    return wrong === undefined ? [] : [`entry ${index + 1}: ${wrong}`]
  })
  const read = entries.map(canonical)
  if (read.length > 1 && read.includes("'none'")) problems.push("'none' stands alone")
  if (new Set(read).size < read.length) problems.push('an entry stands there twice')
  return problems
}

/** What could end the entry, the directive or the whole policy, and begin another. */
function entryProblem(entry: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(entry) && !/[;,]/.test(entry)
    ? undefined
    : 'one source each, in ASCII, without whitespace, semicolon or comma'
}
