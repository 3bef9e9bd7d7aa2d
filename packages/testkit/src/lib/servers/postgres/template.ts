import { execFile } from 'node:child_process'
import { chown } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { makeFolder } from '../folder.ts'
import type { PostgresBinaries } from './binaries.ts'
import { serverUser, type ServerUser } from './user.ts'

const run = promisify(execFile)

/** A data folder that no server has touched, to be copied: initdb takes half a second, a copy a twentieth of it. */
export interface PostgresTemplate {
  /** Absolute path of a server that its user may run. */
  readonly postgres: string
  readonly data: string
  readonly user?: ServerUser | undefined
  /** What goes when the template goes. */
  readonly folder: string
}

/** Makes a template. It goes with this process. */
export async function makeTemplate(binaries: PostgresBinaries): Promise<PostgresTemplate> {
  const user = serverUser()
  const folder = makeFolder()
  if (user) await chown(folder, user.uid, user.gid)
  const { postgres, initdb } = await runnable(binaries, folder, user)
  const data = join(folder, 'data')
  const args = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--wal-segsize=1', '--no-sync']
  await run(initdb, [`--pgdata=${data}`, ...args], { ...user, cwd: folder, env: {} })
  return { postgres, data, user, folder }
}

/** Makes a data folder for one server. */
export async function copyTemplate(template: PostgresTemplate, data: string): Promise<void> {
  await run('cp', ['-a', template.data, data])
}

/** A checkout below /root, or in a folder made for one user alone, is closed to `nobody`: then the programs are copied. */
async function runnable(binaries: PostgresBinaries, folder: string, user: ServerUser | undefined): Promise<PostgresBinaries> {
  if (!user) return binaries
  try {
    await run(binaries.postgres, ['--version'], { ...user, cwd: '/' })
    return binaries
  } catch {
    const installed = dirname(dirname(binaries.postgres))
    await run('cp', ['-a', installed, folder])
    const bin = join(folder, basename(installed), 'bin')
    return { ...binaries, postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') }
  }
}
