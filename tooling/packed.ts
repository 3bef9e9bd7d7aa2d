// Packs every built package as it would be published, lints the tarballs, and uses them in a clean project.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packages, run } from './workspace.ts'

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
  const peers = Object.fromEntries(frameworks.filter(([name]) => !tarballs.has(name)))
  write('package.json', JSON.stringify({ private: true, dependencies: { ...files, ...peers } }))
  // What depends on a package of ours gets the tarball too. Without hoisting, what is not declared is not found.
  write('pnpm-workspace.yaml', JSON.stringify({ overrides: files, allowBuilds: { argon2: false }, hoist: false }))
  await run('pnpm', ['install', '--prefer-offline'], app)

  const entries = packages.flatMap((p) => Object.keys(p.manifest.exports).map((path) => join(p.manifest.name, path)))
  const list = JSON.stringify(entries)
  write('required.cjs', `for (const entry of ${list}) require(entry)`)
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
     }`,
  )
  for (const script of ['imported.mjs', 'required.cjs']) await run(process.execPath, [script], app)
  console.log(`${tarballs.size} tarballs with ${entries.length} entries, imported and required on Node ${process.version}`)

  function write(name: string, text: string): void {
    writeFileSync(join(app, name), text)
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
