import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'

const DOCS = join(import.meta.dirname, '..')
const DIST = join(DOCS, '.vitepress/dist')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

/** Builds the site as `pnpm docs:build` does. */
export async function buildSite(): Promise<void> {
  for (const [tool, ...args] of [['typedoc'], ['vitepress', 'build']] as const) {
    await promisify(execFile)(join(DOCS, 'node_modules/.bin', tool), args, { cwd: DOCS, timeout: 120_000 })
  }
}

/** Serves what was built, as any host of static files would. */
export async function serveSite(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((req, res) => {
    const path = new URL(req.url ?? '/', 'http://x').pathname
    const file = join(DIST, path.endsWith('/') ? `${path}index.html` : path)
    readFile(file)
      .then((content) => res.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream').end(content))
      .catch(() => res.writeHead(404).end())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
