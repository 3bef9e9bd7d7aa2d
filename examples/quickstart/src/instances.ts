import cluster from 'node:cluster'
import { generateKeyPairSync, randomBytes } from 'node:crypto'

/**
 * Starts as many processes behind one address, and gives all of them the same secret and signing key. Ends with the first of them
 * that ends by itself; passes on the signals that end a service.
 */
export function startInstances(count: number, env: NodeJS.ProcessEnv): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const shared = {
    REFRESH_TOKEN_SECRET: env['REFRESH_TOKEN_SECRET'] ?? randomBytes(48).toString('base64'),
    ACCESS_TOKEN_PRIVATE_KEY: env['ACCESS_TOKEN_PRIVATE_KEY'] ?? (privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
  }
  const workers = Array.from({ length: count }, () => cluster.fork(shared))
  let told = 0
  cluster.on('listening', (_worker, { port }) => {
    if (++told === count) console.log(`listening on http://127.0.0.1:${port}`)
  })
  cluster.on('exit', (_worker, code) => {
    if (code !== 0) process.exitCode = 1
    for (const worker of workers) worker.process.kill('SIGTERM')
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      for (const worker of workers) worker.process.kill(signal)
    })
  }
}
