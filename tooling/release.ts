// Publishes what was built, from a copy of the tracked files in which each manifest has the commit as `gitHead`. With --dry-run
// nothing leaves this machine: the versions that the changesets ask for are made in the copy, and shown with what would be sent.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { packages, run } from './workspace.ts'

interface Packed {
  readonly name: string
  readonly version: string
  readonly gitHead?: string
  readonly license?: string
  readonly publishConfig?: unknown
}

const dry = process.argv.includes('--dry-run')
const gitHead = (await run('git', ['rev-parse', 'HEAD'])).trim()
const changed = (await run('git', ['status', '--porcelain', '--untracked-files=no'])).trim()
if (changed !== '' && !dry) throw new Error(`what is published must be a commit; changed:\n${changed}`)

const copy = mkdtempSync(join(tmpdir(), 'release-'))
try {
  for (const file of (await run('git', ['ls-files', '-z'])).split('\0').filter((name) => name !== '' && existsSync(name))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(file, join(copy, file))
  }
  for (const { dir } of packages) cpSync(join(dir, 'dist'), join(copy, dir, 'dist'), { recursive: true })
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
  if (dry) await run(process.execPath, [resolve('node_modules/@changesets/cli/bin.js'), 'version'], copy)

  for (const { dir, manifest } of packages) {
    const file = join(copy, dir, 'package.json')
    const stamped = { ...(JSON.parse(readFileSync(file, 'utf8')) as Packed), gitHead }
    writeFileSync(file, JSON.stringify(stamped, null, 2))
    const tarball = join(copy, `${dir.replaceAll('/', '-')}.tgz`)
    await run('pnpm', ['pack', '--out', tarball], join(copy, dir))
    const sent = await run('tar', ['-xOzf', tarball, 'package/package.json'])
    const packed = JSON.parse(sent) as Packed
    if (packed.gitHead !== gitHead) throw new Error(`${manifest.name}: the tarball does not name its commit`)
    if (/"(?:workspace|catalog):|\.\/src\//.test(sent))
      throw new Error(`${manifest.name}: the tarball speaks of this repository:\n${sent}`)
    const files = (await run('tar', ['-tzf', tarball])).trim().split('\n')
    if (!files.includes('package/LICENSE')) throw new Error(`${manifest.name}: the tarball has no licence`)
    if (await isPublished(packed)) {
      console.log(`${packed.name} ${packed.version} is published already`)
      continue
    }
    await run(
      'pnpm',
      ['publish', tarball, '--no-git-checks', '--access', 'public', ...(dry ? ['--dry-run'] : ['--provenance'])],
      copy,
    )
    console.log(
      `${dry ? 'would publish' : 'published'} ${packed.name} ${manifest.version} -> ${packed.version}, ${files.length} files`,
    )
  }
  console.log(`${packages.length} packages of ${gitHead}`)
} finally {
  rmSync(copy, { recursive: true, force: true })
}

/** A release that was interrupted goes on where it was. */
async function isPublished({ name, version }: Packed): Promise<boolean> {
  if (dry) return false
  return (await run('pnpm', ['view', `${name}@${version}`, 'version']).catch(() => '')).trim() === version
}
