// What the checks share: the list of packages, and a way to run a command that says everything when it fails.
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** The part of a `package.json` that the checks read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string>>
  readonly publishConfig: { readonly exports: Readonly<Record<string, unknown>> }
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A folder below `packages/`. */
export interface Package {
  readonly dir: string
  readonly manifest: Manifest
}

export const packages: readonly Package[] = globSync('packages/*/package.json')
  .sort()
  .map((file) => ({ dir: dirname(file), manifest: JSON.parse(readFileSync(file, 'utf8')) as Manifest }))

/** Where the source of each entry is, for the compiler's `paths`. */
export function entryPaths(): Record<string, string[]> {
  const paths: Record<string, string[]> = {}
  for (const { dir, manifest } of packages) {
    for (const [entry, file] of Object.entries(manifest.exports)) paths[join(manifest.name, entry)] = [`./${join(dir, file)}`]
  }
  return paths
}

const bin = promisify(execFile)

/**
 * Runs a command with all its output captured, and returns what it wrote to standard output. Inside a script of pnpm the
 * binaries of `node_modules/.bin` are on the path; `pnpm` itself is not when `npx` started it.
 */
export async function run(command: string, args: readonly string[], cwd = '.'): Promise<string> {
  const [file, before] = command === 'pnpm' ? pnpm() : [command, []]
  try {
    return (await bin(file, [...before, ...args], { cwd, maxBuffer: 1e8, timeout: 300_000 })).stdout
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: unknown }
    throw new Error(`${command} ${args.join(' ')}: ${String(code)}\n${stdout}${stderr}`) // the original repeats all of it as properties
  }
}

/** npm and pnpm tell their scripts where they are; it may be a script of theirs or a binary. */
function pnpm(): [string, string[]] {
  const path = process.env['npm_execpath']
  if (path === undefined) return ['pnpm', []]
  return /\.[cm]?js$/.test(path) ? [process.execPath, [path]] : [path, []]
}
