import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

const DOCS = join(import.meta.dirname, '..')

/** A guide that somebody has typed in. */
export interface Typed {
  /** Starts a file as the reader does, and waits until it answers. */
  start(file: string, path: string): Promise<string>
  /** Ends what was started, and removes the files. */
  end(): void
}

/** Writes every fence of a guide that has a file's name into that file. */
export function typeIn(guide: string): Typed {
  const folder = join(DOCS, '.guide', guide) // inside, so that the frameworks resolve
  const running: ChildProcess[] = []
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const page = readFileSync(join(DOCS, 'guide', `${guide}.md`), 'utf8')
  for (const [, name = '', code = ''] of page.matchAll(/```ts \[(\w+\.ts)\]\n([\s\S]*?)```/g))
    writeFileSync(join(folder, name), code)
  return {
    async start(file, path) {
      const port = await freePort()
      const child = spawn(process.execPath, [file], { cwd: folder, env: { ...process.env, PORT: String(port) }, stdio: 'ignore' })
      running.push(child)
      const url = `http://127.0.0.1:${port}`
      while (child.exitCode === null) {
        const answer = await fetch(url + path).catch(() => undefined)
        if (answer !== undefined) return url
        await new Promise((done) => setTimeout(done, 50)) // for a process to listen, which no clock of ours makes faster
      }
      throw new Error(`${file} ended with ${child.exitCode}`)
    },
    end() {
      for (const child of running) child.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => free.once('listening', done))
  const { port } = free.address() as AddressInfo
  await new Promise((done) => free.close(done))
  return port
}
