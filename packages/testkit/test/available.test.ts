import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const SCRIPT = `import { available } from '@wardstone/testkit/servers'
console.log(JSON.stringify([await available('redis'), await available('redis-server')]))`

/** In a process of its own, on a machine with nothing on its PATH. */
async function asked(env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: import.meta.dirname,
    env: { PATH: '/nowhere', ...env },
  })
}

describe('available', () => {
  it('says aloud what is missing and how it is installed', async () => {
    const { stdout, stderr } = await asked({})
    expect(JSON.parse(stdout)).toEqual([false, false])
    expect(stderr).toContain(
      '[WARDSTONE_SERVICE_MISSING] Warning: tests are skipped, redis is not here: apt-get install -y redis-server',
    )
  })

  it('takes a server that runs elsewhere where none of our own is needed', async () => {
    const { stdout } = await asked({ REDIS_URL: 'redis://redis.example' })
    expect(JSON.parse(stdout)).toEqual([true, false])
  })

  it('fails where services are required', async () => {
    await expect(asked({ WARDSTONE_REQUIRE_SERVICES: '1' })).rejects.toThrow('redis is not here')
  })
})
