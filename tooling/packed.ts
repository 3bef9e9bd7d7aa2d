// Packs every built package as it would be published, lints the tarballs, and uses them in a clean project, by `import` and by
// `require`, on every Node that is supported.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packages, run } from './workspace.ts'

/** The newest of each line, as packages, so that a lockfile's tools can run them beside each other. */
const NODES = { node22: '22.23.3', node24: '24.21.0', node26: '26.10.0' }
const platform = `${process.platform}-${process.arch}`
const others = ['linux-x64', 'linux-arm64'].includes(platform)
if (!others) console.log(`SKIPPED: no other Node than ${process.version} can be installed on ${platform}`)

const dir = mkdtempSync(join(tmpdir(), 'packed-'))
try {
  const tarballs = new Map<string, string>()
  for (const { dir: source, manifest } of packages) {
    const tarball = join(dir, `${source.replaceAll('/', '-')}.tgz`)
    await run('pnpm', ['pack', '--out', tarball], source) // npm pack would leave workspace: and catalog: as they are
    await run('publint', ['run', tarball, '--strict'])
    await run('attw', ['--profile', 'esm-only', '--quiet', tarball])
    tarballs.set(manifest.name, `file:${tarball}`)
  }

  const app = join(dir, 'app')
  mkdirSync(app)
  const files = Object.fromEntries(tarballs)
  const frameworks = Object.entries(Object.assign({}, ...packages.map((p) => p.manifest.peerDependencies)) as object)
  const nodes = others
    ? Object.fromEntries(Object.entries(NODES).map(([name, version]) => [name, `npm:node-${platform}@${version}`]))
    : {}
  const peers = Object.fromEntries(frameworks.filter(([name]) => !tarballs.has(name)))
  write('package.json', JSON.stringify({ private: true, dependencies: { ...files, ...peers, ...nodes } }))
  // What depends on a package of ours gets the tarball too. Without hoisting, what is not declared is not found.
  write('pnpm-workspace.yaml', JSON.stringify({ overrides: files, allowBuilds: { argon2: false }, hoist: false }))
  await run('pnpm', ['install', '--prefer-offline'], app)

  const entries = packages.flatMap((p) => Object.keys(p.manifest.exports).map((path) => join(p.manifest.name, path)))
  const list = JSON.stringify(entries)
  write('required.cjs', `for (const entry of ${list}) require(entry)\nconsole.log(process.version)`)
  // An import must leave nothing behind: no global, no listener, no timer, no handle.
  write(
    'imported.mjs',
    `const traces = () => [
       ...Object.getOwnPropertyNames(globalThis), ...process.eventNames(), ...process.getActiveResourcesInfo(),
     ]
     void [process.stdout, process.stderr] // made on first use, which is nobody's doing
     for (const entry of ${list}) {
       const before = traces()
       await import(entry)
       const left = traces().filter((trace) => !before.includes(trace))
       if (left.length > 0) throw new Error(entry + ' leaves behind when it is imported: ' + left.map(String))
     }
     console.log(process.version)`,
  )
  const binaries = others ? Object.keys(NODES).map((name) => join(app, 'node_modules', name, 'bin/node')) : [process.execPath]
  const versions: string[] = []
  for (const node of binaries) {
    for (const script of ['imported.mjs', 'required.cjs']) versions.push((await run(node, [script], app)).trim())
  }
  console.log(
    `${tarballs.size} tarballs, ${entries.length} entries, imported and required on Node ${[...new Set(versions)].join(', ')}`,
  )

  function write(name: string, text: string): void {
    writeFileSync(join(app, name), text)
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
