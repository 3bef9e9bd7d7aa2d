import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

type Files = Readonly<Record<string, string>>

vi.setConfig({ testTimeout: 60_000 }) // compilers are started, on machines that do other things too

const trees = mkdtempSync(join(tmpdir(), 'checks-'))
let count = 0

/** Runs a check in a small tree of its own, and answers with what it said if it failed. */
function complaintOf(command: readonly string[], files: Files, env: Record<string, string> = {}): string | undefined {
  const dir = join(trees, String(++count))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  symlinkSync(resolve('node_modules'), join(dir, 'node_modules'))
  const [file = '', ...args] = command
  const path = `${resolve('node_modules/.bin')}:${process.env['PATH']}`
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: dir,
    env: { ...process.env, PATH: path, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return status === 0 ? undefined : stdout + stderr
}

const script = (name: string, ...args: string[]): string[] => [process.execPath, resolve('tooling', name), ...args]

/** A package as small as one can be. */
function aPackage(name: string, source: string, more: Files = {}): Record<string, string> {
  const manifest = {
    name: `@wardstone/${name}`,
    version: '0.0.0',
    exports: { '.': './src/index.ts' },
    publishConfig: {
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    },
  }
  return {
    [`packages/${name}/package.json`]: JSON.stringify(manifest),
    [`packages/${name}/src/index.ts`]: source,
    ...Object.fromEntries(Object.entries(more).map(([file, text]) => [`packages/${name}/${file}`, text])),
  }
}

afterAll(() => rmSync(trees, { recursive: true }))

describe('the laws of code', () => {
  it.each([
    ['an entry lists what it exports', "export * from './a.ts'"],
    ['no global state', 'export let count = 0'],
    ['no global state', 'globalThis.wardstone = 1'],
    ['takes `now`', 'export const at = () => Date.now()'],
    ['takes `now`', 'export const at = () => new Date()'],
    ['randomness comes from node:crypto', 'export const dice = () => Math.random()'],
    ['does not print', "console.log('here')"],
    ['301 lines', '\n'.repeat(300)],
  ])('%s', (law, code) => {
    expect(complaintOf(script('laws.ts'), aPackage('a', code))).toContain(law)
  })

  it('says nothing of code that keeps them, whatever its comments say', () => {
    expect(complaintOf(script('laws.ts'), aPackage('a', '// Date.now() is for others\nexport const a = 1\n'))).toBeUndefined()
  })
})

describe('what a package exports', () => {
  const manifest = (change: object): Files => ({
    'packages/a/package.json': JSON.stringify({ ...JSON.parse(aPackage('a', '')['packages/a/package.json'] ?? ''), ...change }),
  })

  it('is what it has', () => {
    expect(complaintOf(script('exports.ts'), aPackage('a', ''))).toBeUndefined()
  })

  it.each<readonly [what: string, files: Files, complaint: string]>([
    ['a file that is no entry', { 'packages/a/src/http.ts': '' }, 'exports lacks ./http'],
    [
      'an entry without a file',
      manifest({ exports: { '.': './src/index.ts', './http': './src/http.ts' } }),
      'exports has ./http',
    ],
    ['an entry that users do not get', manifest({ publishConfig: { exports: {} } }), 'publishConfig.exports lacks .'],
    [
      'an entry that is another file for users',
      manifest({
        publishConfig: { exports: { '.': { types: './x.d.ts', default: './x.js' }, './package.json': './package.json' } },
      }),
      'publishConfig.exports has another .',
    ],
  ])('%s is refused', (_what, files, complaint) => {
    expect(complaintOf(script('exports.ts'), { ...aPackage('a', ''), ...files })).toContain(complaint)
  })
})

describe('codes and their pages', () => {
  const CODE = `
/** An event. */
export interface SecurityEvent<N extends string, D> { name: N; severity: 'info' | 'warn'; data: D }
/** Somebody came. */
export type Came = SecurityEvent<'guest_came', { readonly door: number }>
export abstract class WardstoneError extends Error { abstract readonly code: string }
/** The door fell. */
export class DoorError extends WardstoneError { readonly code = 'door_fell' }
/**
 * Why a guest is turned away.
 *
 * - \`door_closed\`: It is late.
 */
export type GuestRefusal = 'door_closed'
/**
 * What guests are told.
 *
 * - \`not_welcome\`: 403. Not you.
 */
export type GuestProblemCode = 'not_welcome'
declare function problem(ctx: unknown, input: { code: string }): unknown
export const refusal: GuestRefusal = 'door_closed'
export const told = problem(0, { code: 'not_welcome' })
export const report: Came = { name: 'guest_came', severity: 'info', data: { door: 1 } }
`
  /** The pages as they are written for the code above. */
  const pages: Record<string, string> = {}
  const check = (code: string, more: Files = {}): string | undefined =>
    complaintOf(script('vocabulary-pages.ts', '--check'), { ...aPackage('a', code), ...pages, ...more })

  beforeAll(() => {
    expect(complaintOf(script('vocabulary-pages.ts'), { ...aPackage('a', CODE), 'docs/x': '' })).toBeUndefined()
    for (const file of ['docs/errors.md', 'docs/events.md']) pages[file] = readFileSync(join(trees, String(count), file), 'utf8')
  }, 30_000)

  it('fit each other', () => {
    expect(check(CODE)).toBeUndefined()
    expect(pages['docs/errors.md']).toContain('`door_fell` | The door fell.')
    expect(pages['docs/events.md']).toContain('`guest_came` | info | Somebody came. | `door: number`')
  })

  it.each<readonly [what: string, from: string, to: string, complaint: string]>([
    [
      'a code without a row',
      "'door_closed'\n/**",
      "'door_closed' | 'door_lost'\n/**",
      'GuestRefusal does not say what door_lost means',
    ],
    [
      'a code that nothing says',
      "'door_closed'\n/**",
      "'door_closed' | 'door_lost'\n/**",
      'declares door_lost, which nothing says',
    ],
    ['a code that was renamed', 'door_fell', 'door_broke', 'docs/errors.md should not have: | <a id="door_fell">'],
    [
      'another meaning',
      'It is late.',
      'It is early.',
      'docs/errors.md lacks: | <a id="door_closed"></a>`door_closed` | It is early. |',
    ],
    ['an answer with a code that no type declares', "code: 'not_welcome' }", "code: 'go_away' }", 'answers with go_away'],
    ['an answer with any code', "code: 'not_welcome' }", 'code: String(1) }', 'answers with any code'],
    ['an event that is not reported', "severity: 'info', data: {", 'severity: other, data: {', 'guest_came is reported nowhere'],
    ['other data of an event', '{ readonly door: number }', '{ readonly gate: number }', 'docs/events.md lacks'],
  ])('%s is refused', (_what, from, to, complaint) => {
    expect(CODE).toContain(from)
    expect(check(CODE.replaceAll(from, to))).toContain(complaint)
  })

  it('a row without a code is refused', () => {
    const page = `${pages['docs/errors.md']}| \`made_up\` | By somebody. |\n`
    expect(check(CODE, { 'docs/errors.md': page })).toContain('should not have: | `made_up`')
  })
})

describe('examples', () => {
  const tree = (source: string, guide: string): Files => ({
    ...aPackage('a', source),
    'tsconfig.base.json': JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        module: 'NodeNext',
        target: 'ES2023',
        types: [],
        allowImportingTsExtensions: true,
      },
    }),
    'README.md': '',
    'examples/quickstart/README.md': '',
    'docs/guide/g.md': guide,
  })
  const GOOD =
    "/**\n * Doubles.\n *\n * @example\n * ```ts\n * import { double } from '@wardstone/a'\n * double(2)\n * ```\n */\nexport const double = (n: number) => n * 2\n"
  const GUIDE = '```ts [b.ts]\nexport const b = 1\n```\n```ts\nimport { b } from "./b.ts"\nb.toFixed()\n```\n'

  it('compile', () => {
    expect(complaintOf(script('examples.ts'), tree(GOOD, GUIDE))).toBeUndefined()
  })

  it.each([
    ['an @example', GOOD.replace('double(2)', "double('2')"), GUIDE, 'TS2345'],
    ['a guide', GOOD, GUIDE.replace('toFixed', 'toFixd'), 'toFixd'],
  ])('%s that does not compile is refused', (_what, source, guide, complaint) => {
    expect(complaintOf(script('examples.ts'), tree(source, guide))).toContain(complaint)
  })
})

describe('licences and known holes', () => {
  /** Stands in for pnpm, which would ask about the dependencies of this repository. */
  const pnpm = (says: string, status: number): Record<string, string> => {
    const file = join(trees, `pnpm-${++count}.mjs`)
    writeFileSync(file, `process.stdout.write(${JSON.stringify(says)}); process.exitCode = ${status}`)
    return { npm_execpath: file }
  }
  const dependency = (licence: string): string => JSON.stringify({ MIT: [{ name: 'a' }], [licence]: [{ name: 'b' }] })

  it('a licence that asks for more than its notice is refused', () => {
    expect(complaintOf(script('licences.ts'), { x: '' }, pnpm(dependency('GPL-3.0'), 0))).toContain('GPL-3.0: b')
    expect(complaintOf(script('licences.ts'), { x: '' }, pnpm(dependency('ISC'), 0))).toBeUndefined()
  })

  it('a known hole is refused; a registry that does not answer is not taken for one', () => {
    expect(complaintOf(script('audit.ts'), { x: '' }, pnpm('1 vulnerabilities found', 1))).toContain('1 vulnerabilities')
    expect(complaintOf(script('audit.ts'), { x: '' }, pnpm('ERR_PNPM_AUDIT_BAD_RESPONSE', 1))).toBeUndefined()
  })
})

describe('the tools, as they are configured here', () => {
  const config = { 'tsconfig.json': JSON.stringify({ extends: resolve('tsconfig.base.json'), include: ['**/*.ts'] }) }
  const lint = ['oxlint', '-c', resolve('.oxlintrc.json'), '--type-aware', '--deny-warnings', 'a.ts']

  it.each([
    ['a promise that is forgotten', lint, 'const later = async () => 1\nlater()\n', 'no-floating-promises'],
    ['any', lint, 'export const a: any = 1\n', 'no-explicit-any'],
    ['a default export', lint, 'export default 1\n', 'no-default-export'],
    ['an enum', ['tsc', '--noEmit'], 'export enum E { A }\n', 'erasableSyntaxOnly'],
    ['an unchecked index', ['tsc', '--noEmit'], 'export const first: string = ([] as string[])[0]\n', 'TS2322'],
    ['another format', ['oxfmt', '--check', '-c', resolve('.oxfmtrc.json')], 'export const a = "x";\n', 'a.ts'],
  ])('refuse %s', (_what, command, code, complaint) => {
    expect(complaintOf(command, { ...config, 'a.ts': code })).toContain(complaint)
  })

  it('refuse what nothing uses', () => {
    const files = {
      ...aPackage('a', "import { used } from './lib/b.ts'\nexport const a = used\n", {
        'src/lib/b.ts': 'export const used = 1\nexport const forgotten = 2\n',
        'src/lib/lonely.ts': 'export const lonely = 1\n',
      }),
      'package.json': JSON.stringify({ name: 'tree', type: 'module' }),
      'pnpm-workspace.yaml': 'packages: [packages/*]\n',
      'tsconfig.json': '{}',
      'knip.json': JSON.stringify({ workspaces: { 'packages/*': {} } }),
    }
    const complaint = complaintOf(['knip'], files)
    expect(complaint).toContain('forgotten')
    expect(complaint).toContain('lonely.ts')
  })
})

// Packing and installing take seconds, so one broken package a law. pnpm tells its scripts where it is; nobody else does.
describe.skipIf(process.env['npm_execpath'] === undefined)('a package as users get it', () => {
  const built = (code: string, change: object = {}): Files => {
    const files = aPackage('a', '', { 'dist/index.js': code, 'dist/index.d.ts': 'export declare const a: 1\n' })
    const manifest = JSON.parse(files['packages/a/package.json'] ?? '') as object
    const more = { type: 'module', license: 'MIT', sideEffects: false, files: ['dist'], ...change }
    return {
      ...files,
      'package.json': '{"private": true}',
      'pnpm-workspace.yaml': 'packages: [packages/*]\n',
      'packages/a/package.json': JSON.stringify({ ...manifest, ...more }),
    }
  }
  const GOOD = 'export const a = 1\n'

  it.each<[string, RegExp, Files]>([
    [
      'leaves something behind when it is imported',
      /leaves behind when it is imported/,
      built(`process.on('exit', () => {})\n${GOOD}`),
    ],
    ['lacks a file that it exports', /pkg\.exports|dist\/index\.js/, built(GOOD, { files: ['dist/index.d.ts'] })],
    ['uses what it does not declare', /Cannot find package 'jose'/, built(`import 'jose'\n${GOOD}`)],
  ])('that %s', (_law, complaint, files) => {
    expect(complaintOf(script('packed.ts'), files)).toMatch(complaint)
  })

  it('says nothing of one that is whole', () => {
    expect(complaintOf(script('packed.ts'), built(GOOD))).toBeUndefined()
  })
})
