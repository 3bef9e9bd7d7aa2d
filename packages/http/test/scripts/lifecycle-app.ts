// An application for the tests of shutdown: `lifecycle-app.ts <host> <ending> [options as JSON]`. It says where it listens and
// what becomes of it, a line each.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { createLifecycle, type LifecycleOptions } from '@wardstone/http/lifecycle'
import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'

const [host = 'node', ending = 'lifecycle', options = '{}'] = process.argv.slice(2)

/** What every host answers, after a moment in which the request is in flight. */
async function work(): Promise<string> {
  await wait(20)
  return 'done'.repeat(1_000)
}

/** The listener of the plain server, for what frameworks do not differ in. */
const plain = createServer((req, res) => {
  if (req.url !== '/work') say({ requested: req.url })
  if (req.url === '/hang') return
  if (req.url?.startsWith('/slow')) {
    lifecycle.onDrain(() => res.end('at last'))
  } else if (req.url === '/events') {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n')
    lifecycle.onDrain(() => res.end('event: bye\n\n'))
  } else if (req.url === '/crash') {
    setImmediate(() => {
      throw new Error('nobody catches this')
    })
  } else if (req.url === '/reject') {
    void Promise.reject(new TypeError('nobody takes this'))
  } else {
    void work().then((text) => res.end(text))
  }
})

const lifecycle = createLifecycle({
  report: (error) => (ending === 'broken report' ? Promise.reject(new Error('no log')) : say({ reported: String(error) })),
  events: ({ name, data }) => say({ event: name, ...data }),
  ...(JSON.parse(options) as LifecycleOptions),
})

const HOSTS: Readonly<Record<string, () => Server | Promise<Server>>> = {
  node: () => plain,
  express() {
    const app = express()
    app.get('/work', async (_req, res) => void res.send(await work()))
    return createServer(app)
  },
  async fastify() {
    const app = fastify()
    app.get('/work', work)
    await app.ready()
    lifecycle.onClose('fastify', () => app.close())
    return app.server
  },
  koa() {
    const app = new Koa()
    app.use(async (ctx) => {
      ctx.body = await work()
    })
    return createServer(app.callback())
  },
}

const server = await (HOSTS[host] as () => Server | Promise<Server>)()
if (ending === 'naive') {
  process.on('SIGTERM', () => {
    server.close()
    process.exit(0)
  })
} else {
  lifecycle.attach(server)
  lifecycle.onClose('first', () => say({ closed: 'first' }))
  if (ending === 'hung closer') lifecycle.onClose('hung', () => new Promise(() => {}))
  lifecycle.onClose('last', () => say({ closed: 'last' }))
  lifecycle.handleSignals()
  lifecycle.handleCrashes()
  if (ending === 'kept alive') setInterval(() => {}, 1_000)
  if (ending === 'crash loop') {
    lifecycle.onDrain(() => {
      const again = (): void => {
        setImmediate(again)
        throw new Error('and again')
      }
      again()
    })
  }
}
server.listen(0, '127.0.0.1')
await once(server, 'listening')
lifecycle.started()
say({ port: (server.address() as AddressInfo).port })

function say(what: object): void {
  console.log(JSON.stringify(what))
}
